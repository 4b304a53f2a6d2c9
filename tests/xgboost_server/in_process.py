"""The server's whole contract over HTTP within the test's own process: thousands of requests in seconds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from concurrent import futures
from dataclasses import dataclass

from http_protocol import server
from xgboost_server import app, dataplane, metrics, pipeline, settings, sharing


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Empty when there is none."""
        return self.headers.get("content-type", "")


class Client:
    """One connection that is kept, and renewed when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, **headers: str | None) -> Answer:
        """The answer; names of headers are written with underscores, None leaves one out."""
        return await self.send("POST", path, body, **headers)

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str | None) -> Answer:
        """As `post`, with any method."""
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        lines += [
            f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None
        ]
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        reader, writer = self._streams
        writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        status_line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest) if name
        }
        status = int(status_line.split()[1])
        content = await reader.readexactly(0 if method == "HEAD" else int(found.get("content-length", "0")))
        if found.get("connection") == "close":
            await self.close()
        return Answer(status, found, content)

    async def close(self) -> None:
        """Leave, and wait until the socket is closed: the loop may end next."""
        if self._streams is not None:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with contextlib.suppress(ConnectionError):  # the server may have left first
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def a_server(predictor: dataplane.Predictor, **environment: str) -> AsyncIterator[Client]:
    """The contract for ``predictor``, as the environment sets it."""
    configuration = settings.read([], environment)
    counts = metrics.Metrics(predictor.summary)
    plane = dataplane.Dataplane(predictor, dataplane.Cost(1e-5, 1e-6), 1)
    with futures.ThreadPoolExecutor(1) as threads:
        predictions = pipeline.Pipeline(plane, counts, batch_thread=threads, large_threads=threads)
        handler = app.contract(configuration, predictor, predictions, lambda: b"")
        bounds = sharing.bounds(configuration, None)
        listening = await server.listen(handler, "127.0.0.1", 0, refuse=sharing.refuse, bounds=bounds)
        client = Client(listening.port)
        try:
            yield client
        finally:
            await client.close()
            await listening.close()
