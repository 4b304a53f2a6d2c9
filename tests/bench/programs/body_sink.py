"""A server that reads each request to its end and answers ``0.5``: ``python body_sink.py PORT``.

Only for what the benchmark sends: every request has a Content-Length, and no second one comes before the answer.
"""

import asyncio
import sys

import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n\r\n0.5\n"
_LENGTH = b"\r\ncontent-length:"


class Sink(asyncio.Protocol):
    """One connection; ``_left`` bytes of the body are still to come, once the head is there."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport
        self._head = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._left = _content_length(self._head[:end]) + end + 4 - len(self._head)
            self._head = b""
        else:
            self._left -= len(data)
        if self._left == 0:
            self._transport.write(_ANSWER)


def _content_length(head: bytes) -> int:
    start = head.lower().index(_LENGTH) + len(_LENGTH)
    return int(head[start:].partition(b"\r\n")[0])


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
