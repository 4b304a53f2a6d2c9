"""What wrk reports is read, and what it does not report is an error."""

import os
import sys
from pathlib import Path

import pytest

from tests.bench import contender, load, processes
from tests.builders import free_ports, needs

REPORT = (
    'RESULT {"requests": 500, "microseconds": 2000000, "p50": 80, "p99": 900, "worst": 4000, "errors": 3}'
)


def test_times_are_seconds() -> None:
    found = load.read(f"Running 2s test\n{REPORT}\n", cpu_seconds=0.5)
    assert (found.requests, found.seconds, found.errors, found.cpu_seconds) == (500, 2.0, 3, 0.5)
    assert (found.p50, found.p99, found.worst) == (8e-5, 9e-4, 4e-3)


def test_without_a_report_the_end_of_what_was_said_is_shown() -> None:
    with pytest.raises(load.LoadError, match="unable to connect"):
        load.read("unable to connect to 127.0.0.1:1 Connection refused\n", cpu_seconds=0.0)


@pytest.mark.parametrize("count", [1, 3])
def test_wrk_sends_each_prepared_request_as_it_is(count: int, tmp_path: Path) -> None:
    needs.program("wrk")
    (port,) = free_ports.find(1)
    requests = [contender.post("/", {}, b"\x00\r\n" * (1 + 30_000 * number)) for number in range(count)]
    sink: list[str | Path] = [sys.executable, contender.PROGRAMS / "body_sink.py", str(port)]
    core = min(os.sched_getaffinity(0))
    with processes.running("sink", sink, core=core, port=port, folder=tmp_path):
        prepared = load.prepare(tmp_path, "three", requests)
        found = load.run(prepared, port=port, connections=2, seconds=1, core=core)
    assert found.requests > 2 * count
    assert found.errors == 0
