"""How a program uses several cores: a parent with a listening socket, workers that accept from it, shared memory.

Nothing here knows what is served or imports another package of the project, and nothing is on a request's path.
"""
