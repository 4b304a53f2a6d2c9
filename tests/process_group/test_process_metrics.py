"""The sums over a group's processes."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from process_group import board, process_metrics
from tests.builders import process_tree


@pytest.fixture
def shared() -> Iterator[board.Board]:
    made = board.Board(1)
    yield made
    os.close(made.descriptor)


def values(shared: board.Board) -> dict[str, float]:
    families = process_metrics.GroupCollector(shared).collect()
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_what_workers_use_is_added_to_what_the_parent_uses(shared: board.Board) -> None:
    alone = values(shared)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        shared._memory[0:16] = (0).to_bytes(8, "little") + worker.pid.to_bytes(8, "little")
        together = values(shared)
        of_worker = process_tree.resident_bytes(worker.pid)
    assert alone["process_resident_memory_bytes"] < together["process_resident_memory_bytes"]
    assert together["process_resident_memory_bytes"] == pytest.approx(
        process_tree.resident_bytes(os.getpid()) + of_worker, rel=0.05
    )
    assert together["process_open_fds"] > alone["process_open_fds"]
    assert together["process_start_time_seconds"] == alone["process_start_time_seconds"]


def test_cpu_time_of_workers_that_ended_is_kept(shared: board.Board) -> None:
    before = values(shared)["process_cpu_seconds_total"]
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert values(shared)["process_cpu_seconds_total"] >= before + 0.28


def test_a_worker_that_has_just_ended_is_no_error(shared: board.Board) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    shared._memory[0:16] = (0).to_bytes(8, "little") + gone.pid.to_bytes(8, "little")
    assert values(shared)["process_resident_memory_bytes"] > 0
