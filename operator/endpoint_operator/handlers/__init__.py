"""Where the outside calls in: kopf's events and the probes' HTTP requests, unpacked and passed on to
reconcile.

Nothing is decided here, and kopf is imported nowhere else.
"""
