"""The real ``endpoint-router`` as a process on loopback, and tiny model servers behind it."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from endpoint_contract import router_report
from tests.builders import waiting

PROGRAM = str(Path(sys.executable).with_name("endpoint-router"))
HOST = "127.0.0.1"


@dataclass(slots=True)
class ModelServer:
    """Answers every invocation with its name, once it is let go; ``arrived`` counts them."""

    name: str
    address: str = ""
    arrived: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(self, request: web.Request) -> web.Response:
        await request.read()
        self.arrived += 1
        await self.may_answer.wait()
        return web.Response(text=self.name)


@contextlib.asynccontextmanager
async def a_model_server(name: str, *, host: str = HOST, port: int = 0) -> AsyncIterator[ModelServer]:
    """A running model server that answers at once; clear ``may_answer`` to hold its answers back."""
    server = ModelServer(name)
    server.may_answer.set()
    app = web.Application()
    app.router.add_post("/invocations", server.invoke)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, host, port, reuse_address=True).start()
    server.address = f"{host}:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.may_answer.set()
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(slots=True)
class Router:
    """A router's process, and what it logged."""

    process: asyncio.subprocess.Process
    client: aiohttp.ClientSession
    log_file: Path

    @property
    def log(self) -> str:
        """All that it wrote so far."""
        return self.log_file.read_text()

    @property
    def port(self) -> int:
        """The port for requests. Raises LookupError while it does not listen."""
        return self._ports()[0]

    @property
    def admin_port(self) -> int:
        """The admin port. Raises LookupError while it does not listen."""
        return self._ports()[1]

    async def invoke(self, **headers: str) -> Answer:
        """One prediction request."""
        url = f"http://{HOST}:{self.port}/endpoints/churn/invocations"
        async with self.client.post(url, data=b"1,2,3", headers=headers) as response:
            return Answer(response.status, response.headers, await response.read())

    async def ask(self, path: str) -> Answer:
        """One request to the admin port."""
        async with self.client.get(f"http://{HOST}:{self.admin_port}{path}") as response:
            return Answer(response.status, response.headers, await response.read())

    async def report(self) -> router_report.RouterReport:
        """What it applies now."""
        return router_report.parse((await self.ask("/route-table")).body)

    async def applies(self, revision: int) -> bool:
        """Whether it routes by this revision of the table."""
        return await self.is_ready() and (await self.report()).table.revision == revision

    async def is_ready(self) -> bool:
        """Whether ``/readyz`` says so; not being reachable is not being ready."""
        try:
            return (await self.ask("/readyz")).status == 200
        except (aiohttp.ClientConnectionError, LookupError):
            return False

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def ended(self, *, seconds: float = 10.0) -> int:
        """The exit code. Raises TimeoutError."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    def _ports(self) -> tuple[int, int]:
        found = re.search(r"requests at (\d+), admin at (\d+)", self.log)
        if found is None:
            raise LookupError("not listening yet")
        return int(found[1]), int(found[2])


@contextlib.asynccontextmanager
async def a_router(
    log_file: Path, *options: str, environ: Mapping[str, str] | None = None, until_ready: bool = True
) -> AsyncIterator[Router]:
    """A started router on free ports; killed at the end if it still runs."""
    where = ("--host", HOST, "--port", "0", "--admin-port", "0")
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *where, *options, stderr=log, stdout=log, env={**os.environ, **(environ or {})}
        )
    try:
        async with aiohttp.ClientSession() as client:
            router = Router(process, client, log_file)
            if until_ready:
                await waiting.until_awaited(router.is_ready, seconds=30)
            yield router
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
