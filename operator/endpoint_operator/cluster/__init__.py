"""The only code that talks to the Kubernetes API and to the routers' admin ports: reads, writes, errors,
the Lease.

It decides nothing about endpoints, and nothing of the client library's types or exceptions leaves it.
"""
