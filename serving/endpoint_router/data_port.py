"""Requests handled in this process: the proxy, its port, and the way out of both."""

import asyncio
from typing import Protocol

from endpoint_contract import router_report
from endpoint_router import counters, pod_health, proxy, routing, settings
from http_protocol import client, limits, server
from process_group import memory_limit

_OWN_BYTES = 48 * 1024 * 1024
"""What a process takes without any body."""


class DataPort(Protocol):
    """Where requests are handled: in this process, or in several."""

    @property
    def port(self) -> int:
        """The port that is listened on."""

    async def listen(self, host: str, port: int) -> None:
        """Accept there. Raises OSError."""

    def use(self, snapshot: routing.Snapshot) -> None:
        """Route by ``snapshot`` from now on."""

    def report(self) -> router_report.RouterReport | None:
        """What requests are routed by, None before there is a table."""

    def complaint(self) -> str:
        """Why the program should be restarted, empty while all is well."""

    def drain(self) -> None:
        """Prefer other pods, ask clients to close."""

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stop accepting, then finish what is under way within ``grace_seconds``. May be hurried by another call."""

    async def end(self) -> None:
        """Leave nothing open."""


class InProcess:
    """A `DataPort`. Needs a running loop."""

    def __init__(self, chosen: settings.Settings) -> None:
        self.counts = counters.Counters()
        rules = pod_health.Rules(
            consecutive_failures=chosen.eject_after, slow_start_seconds=chosen.slow_start_seconds
        )
        self._bounds = bounds(memory_limit.find(), chosen.workers)
        answers = client.Bounds(held_bytes=self._bounds.held_bytes)
        self._router = proxy.Proxy(self.counts, pod_ip=chosen.pod_ip or "", bounds=answers, rules=rules)
        self._server: server.Server | None = None
        self._is_draining = False

    @property
    def port(self) -> int:
        """0 before it listens."""
        return self._server.port if self._server is not None else 0

    async def listen(self, host: str, port: int) -> None:
        """Accept at a port of its own. Raises OSError."""
        router = self._router
        self._server = await server.listen(
            router.handle, host, port, refuse=router.refuse, bounds=self._bounds, unread=router.memory
        )

    def serve(self, begin: server.Open, port: int) -> None:
        """Have ``begin`` accept, at ``port``."""
        router = self._router
        self._server = server.serve(
            router.handle, begin, port, refuse=router.refuse, bounds=self._bounds, unread=router.memory
        )
        if self._is_draining:
            self._server.drain()

    def use(self, snapshot: routing.Snapshot) -> None:
        """Route by ``snapshot`` from now on."""
        self._router.use(snapshot)

    def report(self) -> router_report.RouterReport | None:
        """What requests are routed by."""
        snapshot = self._router.snapshot
        return router_report.RouterReport(snapshot.table, snapshot.ready_addresses()) if snapshot else None

    def complaint(self) -> str:
        """There is none: who can ask is served by the same loop."""
        return ""

    def drain(self) -> None:
        """Prefer other pods, ask clients to close."""
        self._is_draining = True
        self._router.drain()
        if self._server is not None:
            self._server.drain()

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stop accepting and finish."""
        if self._server is not None:
            await self._server.close(grace_seconds)

    async def end(self) -> None:
        """Cut the connections to the models."""
        await self._router.close()
        # Connections that were cut say so in the next turn.
        await asyncio.sleep(0)


def bounds(memory_limit_bytes: int | None, workers: int) -> limits.Limits:
    """The server's limits: large bodies may take a third of a worker's memory, answers as much, and copies are made of
    both; two of them always find room.

    Who waits for memory for an answer holds some for a body: out of one budget, all could wait for each other.
    """
    if memory_limit_bytes is None:
        return limits.Limits()
    held = (memory_limit_bytes // max(1, workers) - _OWN_BYTES) // 3
    return limits.Limits(held_bytes=max(2 * limits.BODY_BYTES, held))
