"""Who gets how much traffic next: decisions about one endpoint, from a snapshot of it, as plain data.

No I/O, no clock, no memory: what is seen is an argument, and so is the time; Kubernetes is never asked.
"""
