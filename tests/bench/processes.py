"""Programs under measurement: started on one core, waited for, asked what they used, ended."""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_READY_SECONDS = 90
_END_SECONDS = 15


class StartError(Exception):
    """A program did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started program; ``ready_seconds`` is how long it took to be able to work."""

    process: "subprocess.Popen[bytes]"
    log: Path
    ready_seconds: float

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def cpu_seconds(self) -> float:
        """User and system time of it and its children so far."""
        return sum(_cpu_ticks(pid) for pid in family(self.process.pid)) / _TICKS

    def rss_megabytes(self) -> float:
        """Resident memory of it and its children, MB of 1,000,000 bytes."""
        return sum(_rss_pages(pid) for pid in family(self.process.pid)) * _PAGE / 1e6

    def worker_megabytes(self) -> float:
        """Resident memory of the largest process that descends from it, in the same MB; 0 without any."""
        _, *descendants = family(self.process.pid)
        return max(map(_rss_pages, descendants), default=0) * _PAGE / 1e6


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str | Path],
    *,
    core: int,
    port: int,
    folder: Path,
    ready_path: str = "",
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """The program on ``core``, able to work; ended at the end. Raises StartError."""
    log = folder / f"{name}.log"
    begun = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
    try:
        _until_ready(name, process, log, port, ready_path)
        yield Running(process, log, time.monotonic() - begun)
    finally:
        _end(process)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has just ended
        return [pid]
    return [pid, *(member for child in children for member in family(int(child)))]


def _until_ready(
    name: str, process: "subprocess.Popen[bytes]", log: Path, port: int, ready_path: str
) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(port, ready_path):
            return
        time.sleep(0.01)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
    raise StartError(f"{name} does not start:\n{tail}")


def _is_ready(port: int, ready_path: str) -> bool:
    try:
        if not ready_path:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready_path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    members = family(process.pid)
    process.terminate()
    try:
        process.wait(timeout=_END_SECONDS)
    except subprocess.TimeoutExpired:
        # Only then: by now no other process can have got one of these numbers, as their parent still lives.
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, 9)
        process.wait()


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def _rss_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
