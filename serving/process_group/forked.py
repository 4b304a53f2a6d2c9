"""A group whose workers are forked: what the parent has loaded, such as a model, is in memory once.

The parent has one thread and no event loop, or a fork would copy locks that others hold: it waits for signals.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from process_group import board, restarts

_log = logging.getLogger(__name__)

_ENDS = (signal.SIGTERM, signal.SIGINT)
_AWAITED = (*_ENDS, signal.SIGCHLD)
_Mask = set[int | signal.Signals]
_STARTING_SECONDS = 0.01
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker is given. It posts on ``shared`` at ``place``, at once and then often.

    ``lifeline`` can be read, without anything in it, once the parent is gone: then a worker ends.
    """

    place: int
    listener: socket.socket
    shared: board.Board
    lifeline: int


@dataclass(slots=True)
class _Worker:
    pid: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    again: restarts.Restarts = field(default_factory=restarts.Restarts)
    pulse: restarts.Pulse = field(default_factory=restarts.Pulse)


class Group:
    """``count`` processes that each do ``work``, as long as this one lives and is not told to end."""

    def __init__(self, count: int, listener: socket.socket, work: Callable[[Seat], None]) -> None:
        self._work = work
        self._listener = listener
        self._board = board.Board(count)
        self._workers = [_Worker() for _ in range(count)]
        self._lifeline, self._held = os.pipe()

    def run(self, on_ready: Callable[[], None], finish_seconds: float) -> None:
        """Until SIGTERM or SIGINT. ``on_ready`` is called when every worker accepts connections.

        Then the workers get a SIGTERM, and what is left of them after ``finish_seconds`` is killed.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        try:
            self._start_due(before)
            while not self._has_started():
                if self._is_told_to_end(_STARTING_SECONDS, before):
                    break
            else:
                on_ready()
                while not self._is_told_to_end(_LOOK_SECONDS, before):
                    self._kill_stuck()
            self._end(finish_seconds)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _has_started(self) -> bool:
        return all(self._board.posts(place) for place in range(len(self._workers)))

    def _is_told_to_end(self, longest: float, mask: _Mask) -> bool:
        waits = [worker.due_at - time.monotonic() for worker in self._workers if not worker.pid]
        told = signal.sigtimedwait(_AWAITED, max(0.0, min([longest, *waits])))
        if told is not None and told.si_signo in _ENDS:
            return True
        self._reap()
        self._start_due(mask)
        return False

    def _start_due(self, mask: _Mask) -> None:
        now = time.monotonic()
        for place, worker in enumerate(self._workers):
            if not worker.pid and worker.due_at <= now:
                worker.started_at = now
                worker.pulse = restarts.Pulse()
                try:
                    worker.pid = os.fork()
                except OSError as exc:
                    self._postpone(worker, f"worker {place} can't be started: {exc.strerror}")
                    continue
                if worker.pid == 0:
                    self._become(place, mask)

    def _become(self, place: int, mask: _Mask) -> NoReturn:
        """In the child: work, then end without the parent's own way of ending."""
        status = 1
        try:
            os.close(self._held)
            # A terminal sends its interrupt to all processes, but it is for the parent to say when to end.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            self._work(Seat(place, self._listener, self._board, self._lifeline))
            status = 0
        except SystemExit as exc:
            status = exc.code if isinstance(exc.code, int) else 1
        except Exception:  # noqa: BLE001 - whatever it is, it must not run on as a second parent
            _log.exception("worker %d failed", place)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.pid and (status := _ended(worker.pid)) is not None:
                worker.pid = 0
                self._board.leave(place)
                self._postpone(worker, f"worker {place} ended {restarts.how_it_ended(status)}")

    def _postpone(self, worker: _Worker, reason: str) -> None:
        now = time.monotonic()
        wait = worker.again.wait(now - worker.started_at)
        worker.due_at = now + wait
        _log.error("%s; it is started again in %g s", reason, wait)

    def _kill_stuck(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.pid and worker.pulse.is_stuck(self._board.posts(place)):
                _log.error("worker %d has not stirred for %d s and is killed", place, restarts.STUCK_AFTER)
                os.kill(worker.pid, signal.SIGKILL)

    def _end(self, finish_seconds: float) -> None:
        # First, so that with the last worker's copy the port itself closes.
        self._listener.close()
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + finish_seconds
        while self._are_left() and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait((signal.SIGCHLD,), left)
        self._tell(signal.SIGKILL)
        for worker in self._workers:
            if worker.pid:
                os.waitpid(worker.pid, 0)

    def _are_left(self) -> bool:
        for worker in self._workers:
            if worker.pid and _ended(worker.pid) is not None:
                worker.pid = 0
        return any(worker.pid for worker in self._workers)

    def _tell(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, number)


def _ended(pid: int) -> int | None:
    """The exit code of a child that has ended, negative for a signal's number."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None
