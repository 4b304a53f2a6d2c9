"""The steps from what an endpoint is to what it should be, and the queue that says when to take them.

What should exist, who gets traffic and what the user is told is decided elsewhere; no web framework comes
in here.
"""
