"""The real server as several processes: one port, one model, one set of numbers."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.builders import process_tree, waiting
from tests.xgboost_server import models, running
from xgboost_server import pipeline, settings, sharing
from xgboost_server.codecs import text_csv

MODEL = models.a_booster(columns=4, rounds=5)
ROW = models.some_rows(1, 4, missing=0)
CSV = ",".join(map(repr, ROW[0].tolist())).encode()
ANSWER = (200, "text/csv; charset=utf-8", text_csv.encode(models.expected(MODEL, ROW)))
WORKERS = 2
MIB = 1024 * 1024


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[running.Server]:
    """One group for the tests that leave it running."""
    async with a_group(tmp_path_factory.mktemp("group")) as started:
        yield started


def a_group(folder: Path) -> contextlib.AbstractAsyncContextManager[running.Server]:
    model_dir = models.a_model_dir(folder / "model", MODEL)
    return running.a_server(model_dir, folder / "log", "--workers", str(WORKERS))


@pytest.mark.parametrize(
    ("limit", "processes", "held"),
    [
        pytest.param(512 * MIB, 1, 32 * MIB, id="a part of the memory"),
        pytest.param(512 * MIB, 2, 16 * MIB, id="each its own"),
        pytest.param(64 * 1024 * MIB, 1, 64 * MIB, id="never all that may wait"),
        pytest.param(None, 4, 64 * MIB, id="no limit"),
    ],
)
async def test_large_bodies_wait_before_memory_is_short(limit: int | None, processes: int, held: int) -> None:
    configuration = settings.read(["--workers", str(processes)], {"MAX_CONTENT_LENGTH": "1000000"})
    bounds = sharing.bounds(configuration, limit)
    assert (bounds.body_bytes, bounds.held_bytes) == (1_000_000, held)
    assert held < pipeline.MAX_WAITING_BYTES


def workers(server: running.Server) -> list[int]:
    return process_tree.children(server.process.pid)


async def invoke_apart(server: running.Server) -> tuple[int, str, bytes]:
    """A prediction over a connection of its own."""
    return await server.invoke(CSV, Connection="close")


async def counted(server: running.Server) -> int:
    text = (await server.get("/metrics"))[1].decode()
    found = re.search(r'^xgboost_server_requests_total{code="200"} (\d+)', text, re.MULTILINE)
    return int(found[1]) if found else 0


async def has_counted(server: running.Server, wanted: int) -> bool:
    return await counted(server) == wanted


async def test_all_workers_answer_and_any_of_them_tells_what_all_did(server: running.Server) -> None:
    assert len(workers(server)) == WORKERS
    before = await counted(server)
    answers = await asyncio.gather(*(server.invoke(CSV) for _ in range(40)))
    assert set(answers) == {ANSWER}
    await waiting.until_awaited(lambda: has_counted(server, before + 40))
    connections = [process_tree.connections(pid) for pid in workers(server)]
    assert min(connections) >= 4, "an even share, but on a busy machine one may wait for a core"
    own = process_tree.resident_bytes(server.process.pid) + sum(
        map(process_tree.resident_bytes, workers(server))
    )
    shown = re.search(rb"\nprocess_resident_memory_bytes (\S+)", (await server.get("/metrics"))[1])
    assert shown is not None
    assert float(shown[1]) == pytest.approx(own, rel=0.1)


async def test_the_parent_stays_fit_for_forking(server: running.Server) -> None:
    assert process_tree.threads(server.process.pid) == 1


async def test_a_killed_worker_is_replaced_and_its_counts_stay(server: running.Server) -> None:
    start = await counted(server)
    for _ in range(20):
        assert await invoke_apart(server) == ANSWER
    await waiting.until_awaited(lambda: has_counted(server, start + 20))
    before = workers(server)
    os.kill(before[0], signal.SIGKILL)
    await waiting.until(lambda: len(set(workers(server)) - set(before)) == 1)
    await waiting.until(lambda: before[0] not in workers(server))
    for _ in range(20):
        assert await invoke_apart(server) == ANSWER
    await waiting.until_awaited(lambda: has_counted(server, start + 40))
    assert re.search(r"worker \d ended by SIGKILL", server.log)


async def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    async with a_group(tmp_path) as server:
        left = workers(server)
        server.process.kill()
        await server.process.wait()
        await waiting.until(lambda: not any(map(process_tree.is_running, left)))


async def test_sigterm_lets_each_worker_finish_and_exits_0(tmp_path: Path) -> None:
    async with a_group(tmp_path) as server:
        await _stop_in_the_middle(server)


async def _stop_in_the_middle(server: running.Server) -> None:
    left = workers(server)
    head = (
        b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n" % len(CSV)
    )
    halves = []
    for _ in range(8):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        halves.append((reader, writer))
    for reader, _ in halves:  # each head has been read, so that each is a request in flight
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    server.process.send_signal(signal.SIGTERM)
    await waiting.until(lambda: server.log.count("requests in flight") == WORKERS)
    await waiting.until_refused(server.port)
    for reader, writer in halves:
        writer.write(CSV)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert await asyncio.wait_for(server.process.wait(), 20) == 0
    assert not any(map(process_tree.is_running, left))
    assert "Traceback" not in server.log
