"""What differs between one process that serves alone and one among several: the port, the numbers, the end."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Protocol

import prometheus_client

from http_protocol import limits, server
from process_group import accepting, forked, memory_limit, process_metrics, reporting
from xgboost_server import booster, invocations, metrics, open_inference, pipeline, settings

_logger = logging.getLogger(__name__)

_HELD_BYTES = pipeline.MAX_WAITING_BYTES // 2
"""Large bodies that a process takes in at a time: others wait instead of being refused.

The rest of what may wait is for bodies that are not counted and those whose client has left.
"""
_MEMORY_PARTS = 16
"""One part of a process's memory is for them: JSON that is read takes ten times its size, and the model its own."""


class Sharing(Protocol):
    """How a process serves."""

    def listen_for_the_end(self, stop: Callable[[], None]) -> None:
        """Have ``stop`` called when it is time."""

    async def listen(self, handler: server.Handler, counts: metrics.Metrics) -> server.Server:
        """Begin to accept. Raises OSError when the port is taken."""

    def render(self, counts: metrics.Metrics) -> bytes:
        """The text for Prometheus: ``counts``, and what others counted."""

    def close(self) -> None:
        """No request is left."""


class Alone:
    """The only process."""

    def __init__(self, configuration: settings.Settings) -> None:
        self._configuration = configuration

    def listen_for_the_end(self, stop: Callable[[], None]) -> None:
        """The process's own signals."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)

    async def listen(self, handler: server.Handler, counts: metrics.Metrics) -> server.Server:
        """At a port of its own."""
        del counts
        configuration = self._configuration
        listening = await server.listen(
            handler,
            configuration.host,
            configuration.port,
            refuse=refuse,
            bounds=bounds(configuration, memory_limit.find()),
        )
        _logger.info(
            "listening on %s:%d, %d threads", configuration.host, listening.port, configuration.threads
        )
        return listening

    def render(self, counts: metrics.Metrics) -> bytes:
        """This process's."""
        return counts.render(prometheus_client.ProcessCollector(registry=None))

    def close(self) -> None:
        """Nothing is held."""


class AmongOthers:
    """A worker of a `forked.Group`. It goes on from the counts of the one whose place it takes."""

    def __init__(self, configuration: settings.Settings, model: booster.Summary, seat: forked.Seat) -> None:
        self._configuration = configuration
        self._model = model
        self._seat = seat
        self._acceptor: accepting.Acceptor
        self._reporter: reporting.Reporter

    def listen_for_the_end(self, stop: Callable[[], None]) -> None:
        """The parent's signal, or the parent's own end."""
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(self._seat.lifeline)
            _logger.error("worker %d ends: the parent is gone", self._seat.place)
            stop()

        loop.add_signal_handler(signal.SIGTERM, stop)
        loop.add_reader(self._seat.lifeline, orphaned)

    async def listen(self, handler: server.Handler, counts: metrics.Metrics) -> server.Server:
        """At the port that all share."""
        seat = self._seat

        def begin(
            make_protocol: Callable[[], asyncio.Protocol], count: Callable[[], int]
        ) -> accepting.Acceptor:
            self._acceptor = accepting.Acceptor(
                seat.listener, make_protocol, count=count, shared=seat.shared, place=seat.place
            )
            return self._acceptor

        counts.add(seat.shared.read(seat.place))
        port = seat.listener.getsockname()[1]
        limits_here = bounds(self._configuration, memory_limit.find())
        listening = server.serve(handler, begin, port, refuse=refuse, bounds=limits_here)
        self._reporter = reporting.Reporter(seat.shared, seat.place, counts.document, self._acceptor)
        return listening

    def render(self, counts: metrics.Metrics) -> bytes:
        """All workers'."""
        del counts
        self._reporter.post()
        total = metrics.Metrics(self._model)
        for place in range(self._seat.shared.places):
            total.add(self._seat.shared.read(place))
        return total.render(process_metrics.GroupCollector(self._seat.shared))

    def close(self) -> None:
        """Leave the last counts."""
        self._reporter.close()


def refuse(status: int, reason: str, path: str) -> tuple[bytes, bytes]:
    """The answer to a request that never reaches a handler, in the form of its path's protocol."""
    del status
    if path.startswith("/v2/"):
        return open_inference.refusal(reason)
    return invocations.TEXT, reason.encode()


def bounds(configuration: settings.Settings, memory_limit_bytes: int | None) -> limits.Limits:
    """The server's limits; without a memory limit large bodies may take as much as under a large one."""
    held = _HELD_BYTES
    if memory_limit_bytes is not None:
        held = min(held, memory_limit_bytes // configuration.workers // _MEMORY_PARTS)
    return limits.Limits(body_bytes=configuration.max_body, held_bytes=held)
