"""CPU time, memory and files of a whole group, under the names that Prometheus users know of one process."""

from collections.abc import Iterator
from pathlib import Path

import prometheus_client
from prometheus_client import core, registry

from process_group import board

_SUMMED = (
    "process_cpu_seconds",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
)


class GroupCollector(registry.Collector):
    """The ``process_*`` metrics of the parent with its workers added, those that ended included in the CPU time."""

    def __init__(self, shared: board.Board) -> None:
        self._board = shared

    def collect(self) -> Iterator[core.Metric]:
        """Called by prometheus_client for every scrape."""
        totals = {family.name: family for family in _of_process(self._board.parent)}
        for pid in self._board.pids():
            for family in _of_process(pid):
                if family.name in _SUMMED:
                    _add(totals[family.name], family.samples[0].value)
        if "process_cpu_seconds" in totals:
            _add(totals["process_cpu_seconds"], _seconds_of_ended_children(self._board.parent))
        yield from totals.values()


def _of_process(pid: int) -> list[core.Metric]:
    return list(prometheus_client.ProcessCollector(pid=lambda: pid, registry=None).collect())


def _add(family: core.Metric, value: float) -> None:
    family.samples = [sample._replace(value=sample.value + value) for sample in family.samples]


def _seconds_of_ended_children(pid: int, root: Path = Path("/proc")) -> float:
    try:
        fields = (root / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / 100.0
