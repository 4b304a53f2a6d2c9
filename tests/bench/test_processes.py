"""Programs are waited for, asked what they used, and ended with all that they started."""

import os
import sys
from pathlib import Path

import pytest

from tests.bench import processes
from tests.builders import free_ports
from tests.cluster import commands

LISTENS = "import socket, time; server = socket.create_server(('127.0.0.1', {port})); {then}; time.sleep(60)"


def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    (port,) = free_ports.find(1)
    fails = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with (
        pytest.raises(processes.StartError, match="no such model"),
        processes.running("server", fails, core=a_core(), port=port, folder=tmp_path),
    ):
        raise AssertionError("it did start")


def test_its_cpu_time_and_memory_are_its_own_and_its_childrens(tmp_path: Path) -> None:
    (port,) = free_ports.find(1)
    burns = "import time\nwhile time.process_time() < 0.2: pass\ntime.sleep(60)"
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burns!r}])"
    command = [sys.executable, "-c", LISTENS.format(port=port, then=child)]
    with processes.running("parent", command, core=a_core(), port=port, folder=tmp_path) as running:
        commands.wait_until(lambda: running.cpu_seconds() >= 0.2, "the child has worked", seconds=30)
        assert len(processes.family(running.process.pid)) == 2
        assert running.rss_megabytes() > running.worker_megabytes() > 5
        assert running.ready_seconds > 0


def test_it_runs_on_its_core_and_is_gone_at_the_end(tmp_path: Path) -> None:
    (port,) = free_ports.find(1)
    command = [sys.executable, "-c", LISTENS.format(port=port, then="pass")]
    with processes.running("server", command, core=a_core(), port=port, folder=tmp_path) as running:
        assert os.sched_getaffinity(running.process.pid) == {a_core()}
        assert running.is_alive
        assert running.worker_megabytes() == 0
    assert not running.is_alive


def a_core() -> int:
    return min(os.sched_getaffinity(0))
