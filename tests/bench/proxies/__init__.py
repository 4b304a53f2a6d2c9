"""How each proxy is started, one a file; all do the same job in front of the same two upstreams.

The job: a weighted choice between two variants that a header overrides, pooled connections, two headers added
to the answer. What can be tuned is tuned in the peers' favour; only the router counts and measures as it goes.
"""
