"""The router's data port within the test's own loop, in front of scripted model servers."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import config as botocore_config

from endpoint_contract import route_table
from endpoint_router import counters, pod_health, proxy, routing
from http_protocol import client, limits, server
from tests.builders import scripted_servers


@dataclass(frozen=True)
class Answer:
    """What a client got; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def variant(self) -> str | None:
        """The variant that it names."""
        return self.headers.get("x-amzn-invoked-production-variant")

    @property
    def reason(self) -> str | None:
        """Why that variant."""
        return self.headers.get("x-pointsman-route-reason")


class RunningRouter:
    """A listening data port. ``use`` changes its table; ``ask`` and ``invoke`` are clients."""

    def __init__(self, running: proxy.Proxy, listener: server.Server) -> None:
        self.proxy = running
        self.server = listener
        self._revision = 0

    def use(self, **variants: tuple[float, list[str]]) -> None:
        """Route by this table: ``Variant1=(0.5, ["127.0.0.1:1"])``; no address = a Service without a pod."""
        self._revision += 1
        table = route_table.RouteTable(
            "churn",
            self._revision,
            tuple(
                route_table.Variant(
                    name,
                    weight,
                    (
                        route_table.Backend(addresses=tuple(addresses))
                        if addresses
                        else route_table.Backend("none"),
                    ),
                )
                for name, (weight, addresses) in variants.items()
            ),
        )
        self.proxy.use(routing.Snapshot(table))

    async def connect(self) -> "Connection":
        """A kept-alive connection."""
        return Connection(*await asyncio.open_connection("127.0.0.1", self.server.port))

    async def invoke(self, body: bytes = b"1,2", path: str = "/invocations", **headers: str) -> Answer:
        """One POST over a connection of its own; ``_`` in header names stands for ``-``."""
        return await self.ask("POST", path, body, **headers)

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request over a connection of its own."""
        connection = await self.connect()
        try:
            return await connection.ask(method, path, body, **headers)
        finally:
            connection.close()

    def boto3_client(self, **options: Any) -> Any:
        """An unmodified ``sagemaker-runtime`` client that tries once; it blocks."""
        return boto3.client(
            "sagemaker-runtime",
            endpoint_url=f"http://127.0.0.1:{self.server.port}",
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=botocore_config.Config(retries={"total_max_attempts": 1}, **options),
        )


class Connection:
    """A client's connection: one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a request, wait for its answer."""
        fields = {"Host": "churn", "Content-Length": str(len(body)), **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *header_lines = head.strip().split("\r\n")
        found = {name.lower(): value for name, value in (line.split(": ", 1) for line in header_lines)}
        answered = await self.reader.readexactly(int(found.get("content-length", "0")))
        return Answer(int(status_line.split()[1]), found, answered)

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


@contextlib.asynccontextmanager
async def a_router(
    *,
    pod_ip: str = "",
    model_seconds: float = 59.0,
    rules: pod_health.Rules | None = None,
    chance: Callable[[], float] = random.random,
    held_bytes: int = limits.HELD_BYTES,
) -> AsyncIterator[RunningRouter]:
    """A data port on loopback."""
    running = proxy.Proxy(
        counters.Counters(),
        pod_ip=pod_ip,
        bounds=client.Bounds(idle_seconds=1, held_bytes=held_bytes),
        model_seconds=model_seconds,
        rules=rules,
        chance=chance,
    )
    bounds = limits.Limits(held_bytes=held_bytes)
    listener = await server.listen(
        running.handle, "127.0.0.1", 0, refuse=running.refuse, bounds=bounds, unread=running.memory
    )
    try:
        yield RunningRouter(running, listener)
    finally:
        await listener.close()
        await running.close()


def a_model(
    name: str, *lines: str, status: str = "200 OK"
) -> contextlib.AbstractAsyncContextManager[scripted_servers.ScriptedServer]:
    """A model server that answers with its name and the request's body."""

    async def script(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            _, body = await scripted.request(reader)
            writer.write(scripted_servers.answer(f"{name}:".encode() + body, *lines, status=status))
            await writer.drain()

    return scripted_servers.a_scripted_server(script)


def a_model_that_says(said: bytes) -> contextlib.AbstractAsyncContextManager[scripted_servers.ScriptedServer]:
    """A model server that reads a request, says these bytes and hangs up."""

    async def script(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await scripted.request(reader)
        writer.write(said)
        await writer.drain()

    return scripted_servers.a_scripted_server(script)


def a_silent_model() -> contextlib.AbstractAsyncContextManager[scripted_servers.ScriptedServer]:
    """A model server that reads a request and never answers."""

    async def script(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, _: asyncio.StreamWriter
    ) -> None:
        await scripted.request(reader)
        await reader.read()

    return scripted_servers.a_scripted_server(script)
