"""Requests at a constant pace over kept-alive connections, each with its time and outcome."""

import asyncio
import time
from array import array
from collections import Counter

_HEAD = "POST /invocations HTTP/1.1\r\nHost: churn\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n"


class Paced:
    """``rate`` requests a second over ``connections``, until it is stopped.

    ``sent`` and ``took`` hold when each answered request was sent and how many seconds its answer took, by
    `time.monotonic`; ``statuses`` counts the answers, and as 0 the connections that broke. A request is due at its
    time whether the one before was quick or not, and counts from when it was due: a pause is not missed.
    """

    def __init__(self, port: int, body: bytes, *, rate: float, connections: int) -> None:
        self.sent = array("d")
        self.took = array("d")
        self.statuses: Counter[int] = Counter()
        self._port = port
        self._request = _HEAD.format(len(body)).encode() + body
        self._every = connections / rate
        self._connections = connections
        self._is_over = False

    async def run(self) -> None:
        """Send until `stop`."""
        start = time.monotonic()
        offsets = [start + self._every * i / self._connections for i in range(self._connections)]
        await asyncio.gather(*(self._client(offset) for offset in offsets))

    def stop(self) -> None:
        """No further request is sent; `run` ends when the last answer is there."""
        self._is_over = True

    async def _client(self, due: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not self._is_over:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            writer.write(self._request)
            try:
                status = await _status(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.statuses[0] += 1
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                continue
            self.statuses[status] += 1
            self.sent.append(due)
            self.took.append(time.monotonic() - due)
            due += self._every
        writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of a whole answer with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return int(head[9:12])
