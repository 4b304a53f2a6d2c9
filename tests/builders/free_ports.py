"""Ports for programs that can't choose one themselves."""

import contextlib
import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST, _USUAL_EPHEMERAL = 12_000, 32_768


def find(count: int) -> list[int]:
    """Different ports of loopback that nobody listens at, below those that the kernel gives to anybody who asks.

    So no connection takes one before the program listens; another test might, with little chance.
    """
    ephemeral = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else 0
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = random.randrange(_LOWEST, max(ephemeral, _USUAL_EPHEMERAL))
            # Held until all are found, so that they differ.
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        return ports
