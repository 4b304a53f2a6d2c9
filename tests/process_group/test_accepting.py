"""Several acceptors of one socket, here in one process: who gets which connection."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from process_group import accepting, board, listening
from tests.builders import waiting


class Worker:
    """Counts the connections that its acceptor gives it, and keeps them."""

    def __init__(self, listener: socket.socket, shared: board.Board, place: int) -> None:
        self.connections: list[Connection] = []
        self.acceptor = accepting.Acceptor(
            listener.dup(), lambda: Connection(self), count=self.count, shared=shared, place=place
        )

    def count(self) -> int:
        return len(self.connections)


class Connection(asyncio.Protocol):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._worker.connections.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._worker.connections.remove(self)


class Port:
    """A listening socket, its board, and the clients."""

    def __init__(self, places: int) -> None:
        self.listener = listening.listen("127.0.0.1", 0)
        self.board = board.Board(places)
        self.workers: list[Worker] = []
        self._clients: list[socket.socket] = []

    def worker(self) -> Worker:
        made = Worker(self.listener, self.board, len(self.workers))
        self.workers.append(made)
        return made

    def connect(self, times: int = 1) -> None:
        address = self.listener.getsockname()
        self._clients += [socket.create_connection(address, timeout=5) for _ in range(times)]

    def accepted(self) -> int:
        return sum(worker.count() for worker in self.workers)

    async def close(self) -> None:
        for worker in self.workers:
            worker.acceptor.close()
            await worker.acceptor.wait_closed()
            for connection in list(worker.connections):
                connection.transport.abort()
        for client in self._clients:
            client.close()
        await waiting.until(lambda: self.accepted() == 0)
        self.listener.close()
        os.close(self.board.descriptor)


@contextlib.asynccontextmanager
async def a_port(*, places: int = 2) -> AsyncIterator[Port]:
    port = Port(places)
    try:
        yield port
    finally:
        await port.close()


def test_who_has_no_more_than_others_takes_at_once() -> None:
    courtesy = accepting.Courtesy()
    assert [courtesy.take(mine, 16, now=0.0) for mine in (0, 15, 16, 17)] == [1, 1, 1, 1]
    assert courtesy.take(18, 16, now=0.0) == 0


def test_who_has_more_leaves_it_for_ten_milliseconds() -> None:
    courtesy = accepting.Courtesy()
    taken = [courtesy.take(1, 0, now=5.0 + ms / 1000) for ms in range(12)]
    assert taken[:10] == [0] * 10
    assert sum(taken) == 1


def test_the_next_connection_is_left_as_long_as_the_first() -> None:
    courtesy = accepting.Courtesy()
    assert courtesy.take(1, 0, now=5.0) == 0
    courtesy.none_waits()
    assert courtesy.take(1, 0, now=6.0) == 0


def test_the_longer_another_takes_none_the_more_are_taken() -> None:
    courtesy = accepting.Courtesy()
    looks = [courtesy.take(10, 0, now=0.011 * turn) for turn in range(20)]
    assert looks == [0, 1, 0, 2, 0, 4, 0, 8, 0, 16, 0, 32, 0, 64, 0, 64, 0, 64, 0, 64]
    assert courtesy.take(300, 1, now=1.0) == 0, "it has taken one"
    assert courtesy.take(300, 1, now=1.011) == 1


@pytest.fixture
def on_a_machine_that_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall of ten milliseconds is not to look like a worker that takes none."""
    monkeypatch.setattr(accepting, "_LEFT_SECONDS", 10.0)


@pytest.mark.usefixtures("on_a_machine_that_stalls")
async def test_a_burst_is_shared_evenly() -> None:
    async with a_port(places=3) as port:
        workers = [port.worker() for _ in range(3)]
        port.connect(30)
        await waiting.until(lambda: port.accepted() == 30)
        assert [worker.count() for worker in workers] == [10, 10, 10]


@pytest.mark.usefixtures("on_a_machine_that_stalls")
async def test_a_worker_that_has_fewer_gets_what_comes_next() -> None:
    async with a_port() as port:
        old = port.worker()
        port.connect(20)
        await waiting.until(lambda: old.count() == 20)
        new = port.worker()
        port.connect(15)
        await waiting.until(lambda: port.accepted() == 35)
        assert new.count() == 15


async def test_a_worker_that_stands_still_holds_up_nobody() -> None:
    async with a_port() as port:
        port.board.note_connections(1, 0)
        lively = port.worker()
        port.connect(400)
        # One every ten milliseconds would take four seconds; in growing numbers it is a quarter of one.
        await waiting.until(lambda: lively.count() == 400, seconds=3)


async def test_a_worker_that_has_left_is_not_waited_for() -> None:
    async with a_port() as port:
        one, other = port.worker(), port.worker()
        one.acceptor.close()
        port.connect(10)
        await waiting.until(lambda: other.count() == 10)
        assert port.board.pids() == [os.getpid()]


async def test_connections_that_were_closed_do_not_count_for_long() -> None:
    async with a_port() as port:
        one = port.worker()
        port.connect(4)
        await waiting.until(lambda: one.count() == 4)
        other = port.worker()
        for connection in list(one.connections):
            connection.transport.abort()
        await waiting.until(lambda: one.count() == 0)
        one.acceptor.note_connections()
        port.connect(6)
        await waiting.until(lambda: port.accepted() == 6)
        assert (one.count(), other.count()) == (3, 3)


async def test_too_many_open_files_only_pause_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accepting, "_PAUSE_SECONDS", 0.01)
    async with a_port(places=1) as port:
        worker = port.worker()
        port.connect(3)
        with no_descriptors_left():
            await waiting.until(lambda: caplog.text.count("can't accept connections") > 1)
            assert worker.count() == 0
        await waiting.until(lambda: worker.count() == 3)


@contextlib.contextmanager
def no_descriptors_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
