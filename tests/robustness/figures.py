"""What the kernel says of a program: memory, open files, time; all of its processes together."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTEN, _TIME_WAIT = "0A", "06"


@dataclass(frozen=True, slots=True)
class Figures:
    """``rss_kib`` of memory, ``fds`` open files and sockets."""

    rss_kib: int
    fds: int


def of(pid: int) -> Figures:
    """The figures of a process and its children. Raises FileNotFoundError when it has ended."""
    processes = _tree(pid)
    return Figures(
        sum(_rss_kib(process) for process in processes),
        sum(len(list((_PROC / str(process) / "fd").iterdir())) for process in processes),
    )


def cpu_seconds(pid: int) -> float:
    """The time that a process, its children and the threads that they still have spent on a processor."""
    nanoseconds = 0
    for process in _tree(pid):
        for task in (_PROC / str(process) / "task").iterdir():
            nanoseconds += int((task / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def connections(pid: int, port: int) -> int:
    """How many connections, open or half open, a process and its children have at their own ``port``."""
    lines = (_PROC / "net" / "tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    local = f":{port:04X}"
    inodes = {
        field[9] for field in fields if field[1].endswith(local) and field[3] not in (_LISTEN, _TIME_WAIT)
    }
    found = 0
    for process in _tree(pid):
        for fd in (_PROC / str(process) / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found += fd.readlink().name.removeprefix("socket:[").rstrip("]") in inodes
    return found


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in (_PROC / str(pid) / "task").iterdir():
        for child in (task / "children").read_text().split():
            found += _tree(int(child))
    return found


def _rss_kib(pid: int) -> int:
    status = (_PROC / str(pid) / "status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
