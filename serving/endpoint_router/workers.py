"""The parent's view of its workers: what each applies, the sum of what they count, and a new one for each that ends."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from endpoint_contract import router_report
from endpoint_router import counters, messages, routing, settings, stored_table, worker_process
from process_group import listening, restarts

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_CUT_SECONDS = 2.0
"""Beyond the time that requests may take at the end, until workers that are still there are killed."""


@dataclass(slots=True)
class _Worker:
    place: int
    launched: worker_process.Launched | None
    writer: asyncio.StreamWriter | None = None
    applied: int | None = None
    has_begun: bool = False
    again: restarts.Restarts = field(default_factory=restarts.Restarts)
    pulse: restarts.Pulse = field(default_factory=restarts.Pulse)


@dataclass(frozen=True, slots=True)
class Workforce:
    """Workers that were just started, before there is a loop: so they start while the parent does."""

    launcher: worker_process.Launcher
    launched: tuple[worker_process.Launched, ...]


def start(chosen: settings.Settings, arguments: Sequence[str]) -> Workforce:
    """Listen, and start as many as are wished. Raises SystemExit(2), after one line, when that is not possible."""
    try:
        listener = listening.listen(chosen.host, chosen.port)
    except OSError as exc:
        settings.refuse(f"--port: can't listen on {chosen.host} port {chosen.port}: {settings.reason(exc)}")
    launcher = worker_process.Launcher(listener, chosen.workers, arguments)
    try:
        return Workforce(launcher, tuple(launcher.start(place) for place in range(chosen.workers)))
    except OSError as exc:
        settings.refuse(f"--workers: can't start {chosen.workers}: {settings.reason(exc)}")


class Workers:
    """A `data_port.DataPort` of several processes. Needs a running loop."""

    def __init__(self, workforce: Workforce) -> None:
        self.port: int = workforce.launcher.listener.getsockname()[1]
        self.board = workforce.launcher.board
        self.restarts = 0
        self._launcher = workforce.launcher
        self._workers = [_Worker(place, started) for place, started in enumerate(workforce.launched)]
        self._snapshots: dict[int, routing.Snapshot] = {}
        self._latest = 0
        self._is_draining = False
        self._ending = asyncio.Event()
        self._keeping = [asyncio.create_task(self._keep(worker)) for worker in self._workers]
        self._looking = asyncio.create_task(self._look())

    async def listen(self, host: str, port: int) -> None:
        """They do already."""

    def use(self, snapshot: routing.Snapshot) -> None:
        """Tell all workers; what they apply is only known when they say so."""
        self._latest += 1
        self._snapshots[self._latest] = snapshot
        for worker in self._workers:
            if worker.writer is not None:
                self._tell_latest(worker.writer)

    def report(self) -> router_report.RouterReport | None:
        """The oldest table that any worker applies, None before each has applied one or failed to start."""
        if not all(worker.has_begun for worker in self._workers):
            return None
        return oldest(self._snapshots[number] for number in sorted(self._applied()))

    def counts(self) -> counters.Counters:
        """What all workers counted, those that ended included."""
        total = counters.Counters()
        for worker in self._workers:
            document = self.board.read(worker.place)
            if document:
                total.add(json.loads(document), is_alive=worker.writer is not None)
        found = self.report()
        if found is not None:
            total.endpoint, total.revision = found.table.endpoint, found.table.revision
        return total

    def running(self) -> int:
        """How many workers handle requests now."""
        return len(self.board.pids())

    def complaint(self) -> str:
        """That no worker runs, though each has been started, or that the task of one has failed."""
        if not self._ending.is_set() and any(task.done() for task in (*self._keeping, self._looking)):
            return "a worker is no longer looked after"
        has_begun = all(worker.has_begun for worker in self._workers)
        return "no worker runs" if has_begun and not self.running() else ""

    def drain(self) -> None:
        """Tell all workers."""
        self._is_draining = True
        self._tell({"drain": True})

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stop accepting; the workers end when they have finished, or after ``grace_seconds``."""
        self._ending.set()
        # First, so that with the last worker's copy the port itself closes.
        self._launcher.listener.close()
        self._tell({"end": float(grace_seconds)})
        _, left = await asyncio.wait(self._keeping, timeout=grace_seconds + _CUT_SECONDS)
        if left:
            self._kill(worker for worker in self._workers)
            await asyncio.wait(left)

    async def end(self) -> None:
        """Forget them."""
        self._looking.cancel()
        await asyncio.wait({self._looking, *self._keeping})

    def _applied(self) -> list[int]:
        return [worker.applied for worker in self._workers if worker.applied is not None]

    async def _keep(self, worker: _Worker) -> None:
        while True:
            reason, lived = "could not be started", 0.0
            if worker.launched is not None:
                reason, lived = await self._accompany(worker, worker.launched)
            worker.has_begun = True
            if self._ending.is_set():
                return
            wait = worker.again.wait(lived)
            log.error("worker %d %s; it is started again in %g s", worker.place, reason, wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), wait)
                return
            self.restarts += 1
            worker.pulse = restarts.Pulse()
            worker.launched = self._launch(worker.place)

    def _launch(self, place: int) -> worker_process.Launched | None:
        try:
            return self._launcher.start(place)
        except OSError as exc:
            log.error("worker %d can't be started: %s", place, exc.strerror)  # noqa: TRY400 - no bug of ours
            return None

    async def _accompany(self, worker: _Worker, launched: worker_process.Launched) -> tuple[str, float]:
        """Until the worker ends: how it ended, and the seconds that it lived."""
        reader, writer = await asyncio.open_unix_connection(sock=launched.channel)
        worker.writer = writer
        if self._latest:
            self._tell_latest(writer)
        if self._is_draining:
            messages.send(writer, {"drain": True})
        # It may have been started in the moment in which all others were told to end.
        messages.send(writer, {"end": 0.0} if self._ending.is_set() else {"begin": True})
        async for message in messages.received(reader):
            worker.applied = message["applied"]
            worker.has_begun = True
            self._forget_unused()
        worker.writer = worker.applied = None
        self.board.leave(worker.place)
        writer.close()
        code = await asyncio.to_thread(launched.process.wait)
        reason = f"(process {launched.process.pid}) ended {restarts.how_it_ended(code)}"
        if code and self._ending.is_set():
            log.error("worker %d %s", worker.place, reason)
        return reason, time.monotonic() - launched.at

    def _forget_unused(self) -> None:
        """A worker that starts is told the latest: older ones than any applies will not be asked for again."""
        first = min(self._applied())
        for number in [number for number in self._snapshots if number < first]:
            del self._snapshots[number]

    def _tell_latest(self, writer: asyncio.StreamWriter) -> None:
        document = stored_table.to_document(self._snapshots[self._latest])
        messages.send(writer, {"use": self._latest, "snapshot": document})

    def _tell(self, message: dict[str, object]) -> None:
        for worker in self._workers:
            if worker.writer is not None:
                messages.send(worker.writer, message)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for worker in self._workers:
                if worker.launched and worker.pulse.is_stuck(self.board.posts(worker.place)):
                    log.error("worker %d has not stirred for %d s", worker.place, restarts.STUCK_AFTER)
                    self._kill([worker])

    def _kill(self, workers: Iterable[_Worker]) -> None:
        for worker in workers:
            if worker.launched is not None:
                worker.launched.process.kill()


def oldest(applied: Iterable[routing.Snapshot]) -> router_report.RouterReport | None:
    """What all of them fulfil: the first one's table, and of each of its Services the least ready addresses."""
    snapshots = list(applied)
    if not snapshots:
        return None
    known = [
        {service: len(found.ready) for service, found in snapshot.addresses.items()} for snapshot in snapshots
    ]
    ready = {
        service: min(counts.get(service, 0) for counts in known) for service in snapshots[0].ready_addresses()
    }
    return router_report.RouterReport(snapshots[0].table, ready)
