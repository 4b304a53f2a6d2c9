"""Where a router's table and addresses come from: a file, or the Kubernetes API.

Nothing here serves a request or decides where one goes; what changed is handed on through a callback.
"""
