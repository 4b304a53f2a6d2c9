"""Clients on raw sockets: they send bytes as they are told, hang up as they are told, and keep all that comes back."""

import asyncio
import contextlib
import enum
import socket
import struct
from collections.abc import Sequence

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Ending(enum.Enum):
    """What a client does when everything is sent."""

    HALF_CLOSE = "shuts its sending side and reads to the end"
    CLOSE = "closes at once"
    RESET = "resets at once"
    WAIT = "stays until there is something to read"


class HangError(Exception):
    """The program neither answered nor closed in time."""


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.received = bytearray()
        self.has_answer = asyncio.Event()
        self.is_over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.has_answer.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.has_answer.set()
        self.is_over.set()


async def converse(port: int, pieces: Sequence[bytes], ending: Ending, *, seconds: float = 30.0) -> bytes:
    """Send ``pieces``, end as told; all that came back. Raises HangError."""
    transport, client = await asyncio.get_running_loop().create_connection(_Client, HOST, port)
    try:
        for piece in pieces:
            if not transport.is_closing():
                transport.write(piece)
                await asyncio.sleep(0)
        if ending is Ending.HALF_CLOSE:
            if not transport.is_closing():
                transport.write_eof()
            await asyncio.wait_for(client.is_over.wait(), seconds)
        elif ending is Ending.WAIT:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.has_answer.wait(), 0.05)
        elif ending is Ending.RESET:
            reset_on_close(transport)
    except TimeoutError:
        raise HangError(f"neither an end nor an answer within {seconds:g} s") from None
    finally:
        transport.abort()
    return bytes(client.received)


def reset_on_close(transport: asyncio.BaseTransport) -> None:
    """From now on closing sends a reset."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
