"""A parent that forks, as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import process_tree, waiting

SCRIPT = """
import logging, os, pathlib, select, signal, sys, time
from process_group import forked, listening
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
folder = pathlib.Path(sys.argv[1])

def work(seat):
    name = folder / f"{seat.place}.{os.getpid()}"
    def end(*_):
        name.with_suffix(".ended").touch()
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    if (folder / "fail").exists():
        raise RuntimeError("as told")
    seat.shared.post(seat.place, b"")
    seat.shared.note_connections(seat.place, 0)
    if (folder / "stubborn").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    select.select([seat.lifeline], [], [])

group = forked.Group(2, listening.listen("127.0.0.1", 0), work)
group.run((folder / "ready").touch, finish_seconds=0.3)
print("parent ended")
"""


class Group:
    """The script's process, and the folder through which it is told and tells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(folder)], stdout=log, stderr=log
            )

    @property
    def workers(self) -> list[int]:
        return process_tree.children(self.process.pid)

    async def ready(self) -> None:
        await waiting.until((self.folder / "ready").exists)

    async def ended(self) -> int:
        await waiting.until(lambda: self.process.poll() is not None)
        return self.process.wait()


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    running = Group(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


async def test_sigterm_reaches_all_workers_before_the_parent_ends(group: Group) -> None:
    await group.ready()
    left = group.workers
    group.process.send_signal(signal.SIGTERM)
    assert await group.ended() == 0
    assert len(list(group.folder.glob("*.ended"))) == len(left) == 2
    assert group.log.read_text() == "parent ended\n"


async def test_an_interrupt_that_all_processes_get_ends_them_once(group: Group) -> None:
    await group.ready()
    for pid in (*group.workers, group.process.pid):
        os.kill(pid, signal.SIGINT)
    assert await group.ended() == 0
    assert group.log.read_text() == "parent ended\n"


async def test_a_worker_that_does_not_end_is_killed(group: Group) -> None:
    (group.folder / "stubborn").touch()
    await group.ready()
    left = group.workers
    group.process.send_signal(signal.SIGTERM)
    assert await group.ended() == 0
    assert not any(map(process_tree.is_running, left))


async def test_a_worker_that_always_fails_is_tried_ever_less_often_and_the_others_stay(group: Group) -> None:
    await group.ready()
    victim, other = group.workers
    (group.folder / "fail").touch()
    os.kill(victim, signal.SIGKILL)
    await waiting.until(lambda: "it is started again in 0.8 s" in group.log.read_text())
    assert group.log.read_text().count("RuntimeError: as told") == 3
    assert other in group.workers
    (group.folder / "fail").unlink()
    await waiting.until(lambda: len(group.workers) == 2)


async def test_the_parent_can_end_before_all_have_started(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    group = Group(tmp_path)
    await waiting.until(lambda: "it is started again" in group.log.read_text())
    group.process.send_signal(signal.SIGTERM)
    assert await group.ended() == 0
    assert not (tmp_path / "ready").exists()
