"""The real program with two workers: one port, one table, one set of numbers, whatever becomes of its processes."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from endpoint_router import routing, worker_process, workers
from process_group import listening
from tests.builders import process_tree, route_tables, router_process, waiting

WORKERS = 2
INVOCATIONS = "pointsman_invocations_total"
ANNOUNCE_AT_ONCE = ("--announce-seconds", "0")


@pytest.fixture
async def router(table: Path) -> AsyncIterator[router_process.Router]:
    options = ("--route-table", str(table), "--workers", str(WORKERS), *ANNOUNCE_AT_ONCE)
    async with router_process.a_router(table.with_name("router.log"), *options) as running:
        await until_shows(running, "pointsman_router_workers", WORKERS)
        yield running
    assert "Traceback" not in running.log


def processes(router: router_process.Router) -> list[int]:
    return process_tree.children(router.process.pid)


def change(table: Path, model: router_process.ModelServer, revision: int) -> None:
    new = table.with_suffix(".new")
    new.write_text(route_tables.a_file_table({"Variant1": (1.0, model.address)}, revision=revision))
    new.replace(table)


async def shows(router: router_process.Router, metric: str, wanted: float) -> bool:
    """Whether all samples of a metric add up to that."""
    text = (await router.ask("/metrics")).text
    return sum(map(float, re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", text, re.MULTILINE))) == wanted


async def until_shows(router: router_process.Router, metric: str, wanted: float) -> None:
    # A new process takes a while on a busy machine.
    await waiting.until_awaited(lambda: shows(router, metric, wanted), seconds=30)


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_burst_of_connections_is_shared_and_counted_together(
    router: router_process.Router, model: router_process.ModelServer
) -> None:
    model.may_answer.clear()
    asked = [asyncio.create_task(router.invoke()) for _ in range(40)]
    await waiting.until(lambda: model.arrived == len(asked))
    held = [process_tree.connections(pid) for pid in processes(router)]
    assert sum(held) >= len(asked)
    assert min(held) >= 4, "an even share, but on a busy machine one may wait for a core"
    await until_shows(router, "pointsman_concurrent_requests", 40)
    model.may_answer.set()
    assert {answer.text for answer in await asyncio.gather(*asked)} == {"one"}
    await until_shows(router, "pointsman_model_latency_seconds_count", 40)
    assert await shows(router, INVOCATIONS, 40)
    assert await shows(router, "pointsman_concurrent_requests", 0)
    assert process_tree.resident_bytes(router.process.pid) < 60_000_000
    assert max(map(process_tree.resident_bytes, processes(router))) < 35_000_000


async def test_a_killed_worker_costs_only_its_own_connections_and_its_counts_stay(
    router: router_process.Router, model: router_process.ModelServer
) -> None:
    for _ in range(10):
        assert (await router.invoke()).status == 200
    await until_shows(router, INVOCATIONS, 10)
    model.may_answer.clear()
    asked = [asyncio.create_task(router.invoke()) for _ in range(20)]
    await waiting.until(lambda: model.arrived == 30)
    await until_shows(router, INVOCATIONS, 30)
    other, victim = sorted(processes(router), key=process_tree.connections)
    lost = process_tree.connections(victim)
    os.kill(victim, signal.SIGKILL)
    await until_shows(router, "pointsman_router_worker_restarts_total", 1)
    await until_shows(router, "pointsman_router_workers", WORKERS)
    assert victim not in processes(router), "it was waited for"
    assert other in processes(router)
    model.may_answer.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(error, aiohttp.ClientError) for error in failed)
    assert 0 < len(failed) <= lost
    assert await shows(router, INVOCATIONS, 30), "what the killed one counted is not lost"
    await until_shows(router, "pointsman_concurrent_requests", 0)
    for _ in range(10):
        assert (await router.invoke()).status == 200
    await until_shows(router, INVOCATIONS, 40)
    assert re.search(r"worker \d \(process \d+\) ended by SIGKILL; it is started again in 0.1 s", router.log)


async def test_a_new_table_counts_as_applied_when_the_last_worker_has_it(
    router: router_process.Router, table: Path, model: router_process.ModelServer
) -> None:
    slow, _ = processes(router)
    with stopped(slow):
        change(table, model, 2)
        await waiting.until(lambda: "route table revision 2" in router.log)
        for _ in range(20):
            assert (await router.report()).table.revision == 1
    await waiting.until_awaited(lambda: router.applies(2))
    assert await shows(router, "pointsman_route_table_revision", 2)


async def test_what_is_reported_is_what_every_worker_does_and_no_request_fails(
    router: router_process.Router, table: Path, model: router_process.ModelServer
) -> None:
    answers: list[tuple[int, str]] = []

    async def load() -> None:
        while True:
            answer = await router.invoke()
            answers.append((answer.status, answer.text))

    async with router_process.a_model_server("two") as other:
        loading = [asyncio.create_task(load()) for _ in range(6)]
        for revision in range(2, 7):
            right = other if revision % 2 else model
            change(table, right, revision)
            await waiting.until_awaited(lambda wanted=revision: router.applies(wanted))  # type: ignore[misc]
            found = await asyncio.gather(*(router.invoke() for _ in range(10)))
            assert {answer.text for answer in found} == {right.name}
        for task in loading:
            task.cancel()
        await asyncio.wait(loading)
    assert {status for status, _ in answers} == {200}
    assert {text for _, text in answers} == {"one", "two"}


async def test_a_new_worker_has_the_newest_table_before_it_accepts(
    router: router_process.Router, table: Path
) -> None:
    async with router_process.a_model_server("two") as other:
        new = table.with_suffix(".new")
        new.write_text(route_tables.a_file_table({"Variant2": (1.0, other.address)}, revision=2))
        new.replace(table)
        await waiting.until_awaited(lambda: router.applies(2))
        for pid in processes(router):
            os.kill(pid, signal.SIGKILL)
        await until_shows(router, "pointsman_router_worker_restarts_total", WORKERS)
        assert {(await router.invoke()).text for _ in range(20)} == {"two"}


async def test_a_drain_reaches_all_workers_and_those_started_later(router: router_process.Router) -> None:
    router.tell(signal.SIGUSR1)
    await waiting.until(lambda: "draining" in router.log)
    os.kill(processes(router)[0], signal.SIGKILL)
    await until_shows(router, "pointsman_router_worker_restarts_total", 1)
    await until_shows(router, "pointsman_router_workers", WORKERS)
    answers = [await router.invoke() for _ in range(20)]
    assert {answer.headers["Connection"].lower() for answer in answers} == {"close"}


async def test_the_end_closes_the_port_answers_what_is_under_way_and_leaves_no_process(
    router: router_process.Router, model: router_process.ModelServer
) -> None:
    left = processes(router)
    model.may_answer.clear()
    asked = [asyncio.create_task(router.invoke()) for _ in range(8)]
    await waiting.until(lambda: model.arrived == len(asked))
    router.tell(signal.SIGTERM)
    await waiting.until_refused(router.port)
    model.may_answer.set()
    assert {answer.text for answer in await asyncio.gather(*asked)} == {"one"}
    assert await router.ended() == 0
    assert not any(map(process_tree.is_running, left))
    assert router.log.rstrip().endswith("ended")


async def test_a_second_signal_hurries_the_workers_too(
    router: router_process.Router, model: router_process.ModelServer
) -> None:
    model.may_answer.clear()
    under_way = asyncio.create_task(router.invoke())
    await waiting.until(lambda: model.arrived == 1)
    router.tell(signal.SIGTERM)
    await waiting.until(lambda: "ending" in router.log)
    router.tell(signal.SIGTERM)
    assert await router.ended() == 0
    with pytest.raises(aiohttp.ClientError):
        await under_way


@pytest.mark.parametrize("moment", ["before it is restarted", "while it starts"])
async def test_the_end_does_not_wait_for_a_worker_that_is_being_replaced(
    router: router_process.Router, moment: str
) -> None:
    before = processes(router)
    os.kill(before[0], signal.SIGKILL)
    if moment == "while it starts":
        await waiting.until(lambda: not set(processes(router)) <= set(before))
    router.tell(signal.SIGTERM)
    assert await router.ended() == 0
    assert not any(map(process_tree.is_running, before))


async def test_workers_leave_signals_to_the_parent(router: router_process.Router) -> None:
    """A terminal's interrupt, and a service manager's end, reach all processes of a group at once."""
    for pid in processes(router):
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGUSR1)
    answers = [await router.invoke() for _ in range(10)]
    assert {answer.status for answer in answers} == {200}
    assert not any("Connection" in answer.headers for answer in answers)
    assert await shows(router, "pointsman_router_worker_restarts_total", 0)


async def test_workers_end_with_a_killed_parent(router: router_process.Router) -> None:
    left = processes(router)
    router.tell(signal.SIGKILL)
    await router.ended()
    await waiting.until(lambda: not any(map(process_tree.is_running, left)))
    assert await waiting.is_refused(router.port)


async def test_workers_do_not_import_aiohttp(router: router_process.Router) -> None:
    for pid in processes(router):
        libraries = process_tree.libraries(pid)
        assert any("httptools" in name for name in libraries)
        assert not [name for name in libraries if re.search("aiohttp|multidict|yarl", name)]


class BrokenLauncher(worker_process.Launcher):
    """Its first worker ends at once; for another one the system has no room."""

    def start(self, place: int) -> worker_process.Launched:
        raise BlockingIOError(11, "Resource temporarily unavailable", place)

    def first(self) -> worker_process.Launched:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen([sys.executable, "-c", ""], pass_fds=(theirs.fileno(),))
        theirs.close()
        return worker_process.Launched(process, ours, 0.0)


async def test_a_router_without_any_worker_complains_tries_again_and_can_still_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with listening.listen("127.0.0.1", 0) as listener:
        launcher = BrokenLauncher(listener, 1, [])
        staff = workers.Workers(workers.Workforce(launcher, (launcher.first(),)))
        staff.use(routing.Snapshot(route_tables.a_table()))
        assert staff.complaint() == "", "it has only just been started"
        await waiting.until(lambda: staff.restarts > 1)
        assert staff.complaint() == "no worker runs"
        assert staff.report() is None
        assert caplog.text.count("Resource temporarily unavailable") > 1
        await staff.close(5.0)
        await staff.end()


def test_the_report_is_what_all_workers_fulfil() -> None:
    old, new = route_tables.a_table(revision=1, A=1), route_tables.a_table(revision=2, A=1, B=1)
    two, one = routing.Addresses(("a:1", "b:1")), routing.Addresses(("a:1",), ("b:1",))
    found = workers.oldest(
        [
            routing.Snapshot(old, {"churn-a": two}),
            routing.Snapshot(old, {"churn-a": one}),
            routing.Snapshot(new, {"churn-a": two, "churn-b": two}),
        ]
    )
    assert found is not None
    assert found.table is old
    assert found.ready_addresses == {"churn-a": 1}


def test_without_a_worker_there_is_no_report() -> None:
    assert workers.oldest([]) is None
