import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from endpoint_contract import route_table
from endpoint_router import routing
from endpoint_router.route_table_source import file
from tests.builders import route_tables, waiting

ONE = route_tables.a_file_table({"Variant1": (1.0, "127.0.0.1:9001")}, revision=1)
TWO = route_tables.a_file_table({"Variant1": (1.0, "127.0.0.1:9001")}, revision=2)


@contextlib.asynccontextmanager
async def following(path: Path) -> AsyncIterator[list[int]]:
    """The revisions handed on so far, while the file is followed."""
    revisions: list[int] = []

    def note(snapshot: routing.Snapshot) -> None:
        revisions.append(snapshot.table.revision)

    source = file.FileSource(path, note)
    source.load()
    task = asyncio.create_task(source.run())
    try:
        yield revisions
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def write_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def replace_by_rename(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def write_with_the_same_time_stamp(path: Path, text: str) -> None:
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("write", [write_in_place, replace_by_rename, write_with_the_same_time_stamp])
async def test_a_changed_file_is_handed_on(tmp_path: Path, write: Callable[[Path, str], None]) -> None:
    path = tmp_path / "table.json"
    path.write_text(ONE)
    async with following(path) as revisions:
        assert revisions == [1]
        write(path, TWO)
        await waiting.until(lambda: revisions == [1, 2])


async def test_a_link_that_is_swapped_is_followed(tmp_path: Path) -> None:
    """As kubelet updates a mounted ConfigMap."""
    for name, text in (("a", ONE), ("b", TWO)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.json").write_text(text)
    (tmp_path / "data").symlink_to("a")
    async with following(tmp_path / "data" / "table.json") as revisions:
        (tmp_path / "swap").symlink_to("b")
        (tmp_path / "swap").replace(tmp_path / "data")
        await waiting.until(lambda: revisions == [1, 2])


def said_by_the_source(caplog: pytest.LogCaptureFixture) -> list[int]:
    """The levels of what this module's subject logged."""
    return [record.levelno for record in caplog.records if record.name == file.__name__]


@pytest.mark.parametrize("bad", ["", "{", '{"version": 1}', ONE.replace("1.0", "-1")])
async def test_a_bad_table_is_refused_whole_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    path = tmp_path / "table.json"
    path.write_text(ONE)
    async with following(path) as revisions:
        replace_by_rename(path, bad)
        await waiting.until(lambda: bool(said_by_the_source(caplog)))
        for _ in range(3):
            path.touch()
            await asyncio.sleep(file.POLL_SECONDS)
        assert revisions == [1]
        replace_by_rename(path, TWO)
        await waiting.until(lambda: revisions == [1, 2])
    assert said_by_the_source(caplog) == [logging.ERROR]


async def test_a_file_that_goes_leaves_the_table_and_is_taken_up_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "table.json"
    path.write_text(ONE)
    async with following(path) as revisions:
        path.unlink()
        await waiting.until(lambda: "can't read" in caplog.text)
        assert revisions == [1]
        replace_by_rename(path, TWO)
        await waiting.until(lambda: revisions == [1, 2])


def test_a_first_read_that_fails_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    source = file.FileSource(tmp_path / "none.json", lambda _: None)
    with pytest.raises(file.FileSourceError, match=r"none\.json: No such file"):
        source.load()
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(route_table.RouteTableError, match="must be a JSON object"):
        source.load()
