"""The operator as a process of its own against a real API server, and stand-ins for what it meets there."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from aiohttp import web

import tests.cluster
from endpoint_contract import ports, route_table, router_report
from tests.builders import free_ports

T = TypeVar("T")

COMMAND = (sys.executable, "-m", "endpoint_operator")


@dataclass(slots=True)
class Process:
    """A running operator; its log is in ``log``, its probes are on ``port``."""

    process: asyncio.subprocess.Process
    log: Path
    port: int

    @property
    def leads(self) -> bool:
        """Whether it said last that it leads."""
        lines = [line for line in self.log.read_text().splitlines() if "lead" in line]
        return bool(lines) and ": leading as" in lines[-1]

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end. Answers the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(15):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def running(
    cluster: tests.cluster.Cluster,
    namespace: str,
    folder: Path,
    *arguments: str,
    kubeconfig: Path | None = None,
) -> AsyncIterator[Process]:
    """An operator for ``namespace``, or for all when it is empty; ended when left, by force if need be."""
    (port,) = free_ports.find(1)
    log = folder / f"operator-{port}.log"
    environment = {
        **os.environ,
        **cluster.environment,
        "KUBECONFIG": str(kubeconfig or cluster.kubeconfig),
        "POINTSMAN_HTTP_HOST": "127.0.0.1",
        "POINTSMAN_HTTP_PORT": str(port),
    }
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, f"--namespace={namespace}", *arguments, env=environment, stderr=file, stdout=file
        )
    running_process = Process(process, log, port)
    try:
        yield running_process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(look: Callable[[], Awaitable[T]], *, seconds: float = 30.0, every: float = 0.05) -> T:
    """What ``look`` answers once that is true; TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(every)


class Router:
    """A router's admin port on an address of loopback of its own: it reports the table that it is given."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.table: route_table.RouteTable | None = None
        self.ready_addresses: dict[str, int] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Answer from now on."""
        app = web.Application()
        app.router.add_get("/route-table", self._report)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, ports.ROUTER_ADMIN).start()

    async def stop(self) -> None:
        """Answer no more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _report(self, _: web.Request) -> web.Response:
        if self.table is None:
            return web.Response(status=503)
        report = router_report.RouterReport(table=self.table, ready_addresses=self.ready_addresses)
        return web.Response(body=router_report.render(report))


class Passage:
    """A TCP passage to the API server that can be closed, so that for one operator the API is gone."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.kubeconfig = folder / "passage.kubeconfig"
        self._folder = folder
        (self._port,) = free_ports.find(1)
        self._document = yaml.safe_load(kubeconfig.read_text())
        self._cluster = self._document["clusters"][0]["cluster"]
        self._host, _, port = self._cluster["server"].removeprefix("https://").partition(":")
        self._target = int(port or 443)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let everything through."""
        self._cluster.pop("certificate-authority-data", None)
        self._cluster.pop("certificate-authority", None)
        self._cluster |= {"server": f"https://127.0.0.1:{self._port}", "insecure-skip-tls-verify": True}
        self.kubeconfig.write_text(yaml.safe_dump(self._document))
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)

    async def close(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
