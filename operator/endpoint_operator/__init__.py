"""The operator: it makes the cluster look as the Endpoints in it ask, and says in their status how far it got.

What the programs promise each other lives in `endpoint_contract`; nothing of the other programs may be imported here.
"""
