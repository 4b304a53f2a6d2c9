"""The socket that the workers of a group share.

One socket and not one a worker with SO_REUSEPORT: connections that wait at a socket are reset when it closes, so that
every end of a worker would cost some, and the kernel deals them out whether a worker is busy or not.
"""

import socket


def listen(host: str, port: int, backlog: int = 1024) -> socket.socket:
    """A listening socket at ``host``:``port``, 0 for any free one. Raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        opened.listen(backlog)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
