"""What a request costs us in CPU time, over what it costs a plain aiohttp proxy in the same run: no clock on a wall.

The bounds are twice today's figures: they catch a hot path that got slow, not a machine that is busy.
"""

import contextlib
import os
import re
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.bench import comparison, contender, processes, upstreams
from tests.bench.proxies import aiohttp, router
from tests.bench.servers import model, pointsman
from tests.builders import free_ports
from tests.xgboost_server import models

TURNS = 5
REQUESTS = 20
"""In each turn, of each of the connections."""
CONNECTIONS = 32

LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cost")


@pytest.fixture(scope="module")
def behind(folder: Path) -> Iterator[upstreams.Upstreams]:
    (port,) = free_ports.find(1)
    command: list[str | Path] = [sys.executable, contender.PROGRAMS / "body_sink.py", str(port)]
    with processes.running("body-sink", command, core=a_core(), port=port, folder=folder) as sink:
        yield upstreams.Upstreams(dict.fromkeys(("Variant1", "Variant2"), port), (sink,))


@pytest.fixture(scope="module")
def reference(behind: upstreams.Upstreams, folder: Path) -> Iterator["Measured"]:
    (port,) = free_ports.find(1)
    python = Path(sys.executable)
    with measured(aiohttp.contending(port, behind, python=python), a_row(), folder) as running:
        yield running


def test_a_request_costs_the_router_less_than_a_third_of_what_it_costs_a_plain_proxy(
    behind: upstreams.Upstreams, reference: "Measured", tmp_path: Path
) -> None:
    (port,) = free_ports.find(1)
    ours = router.contending(port, tmp_path, behind, sources=contender.SOURCES, python=Path(sys.executable))
    with measured(ours, a_row(), tmp_path) as running:
        assert ratio(running, reference) < 0.28


def test_a_prediction_costs_the_server_less_than_a_third_of_what_it_costs_a_plain_proxy_to_pass_on(
    reference: "Measured", tmp_path: Path
) -> None:
    (port,) = free_ports.find(1)
    trained = models.a_booster(columns=model.FEATURES, rounds=100)
    served = models.a_model_dir(tmp_path / "model", trained)
    ours = pointsman.contending(port, served, sources=contender.SOURCES, python=Path(sys.executable))
    request = pointsman.request(model.batches(1, 1)[0])
    with measured(ours, request, tmp_path) as running:
        assert ratio(running, reference) < 0.33


class Measured:
    """A running program and open connections to it."""

    def __init__(
        self, program: processes.Running, connections: Sequence[socket.socket], request: bytes
    ) -> None:
        self._program = program
        self._connections = connections
        self._request = request

    def seconds_of_a_turn(self) -> float:
        """CPU time that it used to answer a turn's requests, all connections at a time."""
        before = self._program.cpu_seconds()
        for _ in range(REQUESTS):
            for connection in self._connections:
                connection.sendall(self._request)
            for connection in self._connections:
                assert answer_of(connection).startswith(b"HTTP/1.1 200 ")
        return self._program.cpu_seconds() - before


def answer_of(connection: socket.socket) -> bytes:
    """An answer to its end, which its Content-Length tells."""
    received = connection.recv(65536)
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if end else None
        if length is not None and len(body) >= int(length[1]):
            return received
        more = connection.recv(65536)
        assert more, f"the connection ended after {received!r}"
        received += more


@contextlib.contextmanager
def measured(ours: contender.Contender, request: bytes, folder: Path) -> Iterator[Measured]:
    with (
        processes.running(
            ours.name,
            ours.command,
            core=a_core(),
            port=ours.port,
            folder=folder,
            ready_path=ours.ready_path,
            environment=ours.environment,
        ) as program,
        contextlib.ExitStack() as stack,
    ):
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", ours.port), timeout=20))
            for _ in range(CONNECTIONS)
        ]
        running = Measured(program, connections, request)
        running.seconds_of_a_turn()  # nobody is measured cold
        yield running


def ratio(ours: Measured, reference: Measured) -> float:
    """Of CPU time, in turns: what else the machine does hits both."""
    turns = [(ours.seconds_of_a_turn(), reference.seconds_of_a_turn()) for _ in range(TURNS)]
    return sum(own for own, _ in turns) / sum(other for _, other in turns)


def a_row() -> bytes:
    return contender.post(router.PATH, {"Content-Type": "text/csv"}, comparison.ROW)


def a_core() -> int:
    return min(os.sched_getaffinity(0))
