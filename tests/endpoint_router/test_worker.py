"""One worker, started and told what to do as the parent does it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from endpoint_router import counters, messages, stored_table, worker_process
from process_group import listening
from tests.builders import process_tree, route_tables, router_process, waiting

if TYPE_CHECKING:
    import subprocess


class Parent:
    """Our end of the channel to a worker."""

    def __init__(
        self,
        launcher: worker_process.Launcher,
        process: "subprocess.Popen[bytes]",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.launcher = launcher
        self.process = process
        self.writer = writer
        self._heard = messages.received(reader)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.launcher.listener.getsockname()[1]}/invocations"

    def tell(self, **message: Any) -> None:
        messages.send(self.writer, message)

    def use(self, number: int, *addresses: str) -> None:
        table = route_tables.a_table(revision=number, A=1)
        snapshot = route_tables.a_snapshot(table, churn_a=addresses)
        self.tell(use=number, snapshot=stored_table.to_document(snapshot))

    async def hear(self) -> Any:
        return await asyncio.wait_for(anext(self._heard), 10)

    async def accepting(self) -> None:
        await waiting.until(lambda: self.launcher.board.pids() == [self.process.pid])

    async def ended(self) -> int:
        await waiting.until(lambda: self.process.poll() is not None)
        return self.process.wait()


@contextlib.asynccontextmanager
async def a_worker(counted: counters.Counters | None = None) -> AsyncIterator[Parent]:
    with listening.listen("127.0.0.1", 0) as listener:
        launcher = worker_process.Launcher(listener, 1, ["--route-table", "none", "--finish-seconds", "0.1"])
        if counted is not None:
            launcher.board.post(0, json.dumps(counted.document()).encode())
        launched = launcher.start(0)
        reader, writer = await asyncio.open_unix_connection(sock=launched.channel)
        try:
            yield Parent(launcher, launched.process, reader, writer)
        finally:
            launched.process.kill()
            launched.process.wait()
            writer.close()


async def test_it_accepts_only_when_told_and_with_the_table_that_it_was_given() -> None:
    async with router_process.a_model_server("one") as model, a_worker() as parent:
        parent.use(5, model.address)
        assert await parent.hear() == {"applied": 5}
        assert parent.launcher.board.pids() == []
        parent.tell(begin=True)
        await parent.accepting()
        async with aiohttp.ClientSession() as client, client.post(parent.url, data=b"1") as answer:
            assert (answer.status, await answer.text()) == (200, "one")


async def test_without_a_table_it_says_so() -> None:
    async with a_worker() as parent:
        parent.tell(begin=True)
        async with aiohttp.ClientSession() as client, client.post(parent.url, data=b"1") as answer:
            assert answer.status == 503
            assert "no route table yet" in await answer.text()


async def test_it_goes_on_from_the_counts_of_the_one_before() -> None:
    before = counters.Counters()
    before.refuse(404)
    before.variant("A").concurrent = 3
    before.variant("A").invocations[counters.REASON_WEIGHT] = 7
    async with a_worker(before) as parent:
        parent.tell(begin=True)
        await parent.accepting()
        async with aiohttp.ClientSession() as client, client.post(parent.url + "x", data=b"1") as answer:
            assert answer.status == 503
        await waiting.until(lambda: "503" in found(parent)["refused"])
        assert found(parent)["refused"] == {"404": 1, "503": 1}
        assert found(parent)["variants"]["A"]["invocations"] == [7, 0, 0]
        assert found(parent)["variants"]["A"]["concurrent"] == 0


def found(parent: Parent) -> Any:
    return json.loads(parent.launcher.board.read(0))


async def test_the_last_counts_are_left_when_it_ends() -> None:
    async with a_worker() as parent:
        parent.tell(begin=True)
        await parent.accepting()
        async with aiohttp.ClientSession() as client, client.post(parent.url, data=b"1") as answer:
            assert answer.status == 503
        parent.tell(end=5.0)
        assert await parent.ended() == 0
        assert found(parent)["refused"] == {"503": 1}
        assert parent.launcher.board.pids() == []


@pytest.mark.parametrize("has_begun", [False, True])
async def test_it_ends_with_its_parent(has_begun: bool) -> None:
    async with router_process.a_model_server("one") as model, a_worker() as parent:
        parent.use(1, model.address)
        if has_begun:
            parent.tell(begin=True)
            await parent.accepting()
        parent.writer.close()
        assert await parent.ended() == 0


async def test_a_worker_that_cannot_do_what_it_is_told_ends_so_that_another_takes_its_place() -> None:
    async with a_worker() as parent:
        parent.tell(begin=True)
        await parent.accepting()
        parent.tell(use=1, snapshot={"version": 0})
        assert await parent.ended() == 1


async def test_it_costs_little_memory() -> None:
    async with a_worker() as parent:
        parent.use(1, "127.0.0.1:1")
        parent.tell(begin=True)
        await parent.accepting()
        assert process_tree.resident_bytes(parent.process.pid) < 35_000_000
