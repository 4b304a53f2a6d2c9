"""What the programs promise each other: names, ports, headers, errors and the documents they exchange.

Only the standard library may be imported here, and nothing here does any I/O.
"""
