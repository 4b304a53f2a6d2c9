"""The cluster's own processes: started apart from us, remembered by process id and start time."""

import contextlib
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, control_groups, errors, network
from tests.cluster.layout import Layout

# Administration programs are not on every user's path.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that we started. Its start time (clock ticks since boot) tells it from later ones."""

    pid: int
    started: int

    @property
    def is_alive(self) -> bool:
        return start_time(self.pid) == self.started


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None if it is gone or has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        # The second field is the program's name in parentheses and may hold blanks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = fields[0], int(fields[19])
    return None if state in "ZX" else started


def all_ids() -> list[int]:
    """Of every process on this machine."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def command(pid: int) -> str:
    """A process's command line, each word with a blank after it; empty if the process is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def start(layout: Layout, name: str, command: Sequence[str]) -> Process:
    """Start a program in the cluster's namespace and control group; its output goes to `logs/<name>.log`."""
    layout.logs.mkdir(parents=True, exist_ok=True)
    words = [*network.inside(layout), *command]
    script = f'{control_groups.joining(layout)}; exec "$@"'
    log = str(layout.logs / f"{name}.log")
    # posix_spawn, for a Popen object would insist that somebody waits for it.
    pid = os.posix_spawn(
        "/bin/sh",
        ["sh", "-c", script, name, *words],
        {"PATH": _PATH, "HOME": "/root"},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    process = Process(pid, start_time(pid) or 0)
    _record(layout, name).parent.mkdir(parents=True, exist_ok=True)
    _record(layout, name).write_text(json.dumps({"pid": process.pid, "started": process.started}))
    return process


def find(layout: Layout, name: str) -> Process | None:
    """The living process of a component."""
    try:
        process = Process(**json.loads(_record(layout, name).read_text()))
    except FileNotFoundError:
        return None
    return process if process.is_alive else None


def stop(layout: Layout, name: str, *, grace: float) -> None:
    """End a component: politely, and after `grace` seconds by force. Returns when it is gone."""
    process = find(layout, name)
    if process is None:
        return
    # A stopped process (SIGSTOP) takes no other signal than this and SIGKILL.
    _signal(process.pid, signal.SIGCONT)
    if grace > 0:
        _signal(process.pid, signal.SIGTERM)
        with contextlib.suppress(errors.HarnessError):
            commands.wait_until(lambda: not process.is_alive, f"{name} ends", seconds=grace)
    if process.is_alive:
        _signal(process.pid, signal.SIGKILL)
    commands.wait_until(lambda: not process.is_alive, f"{name} is killed", seconds=10)


def kill(pids: set[int]) -> None:
    """Kill at once; those that are gone already are no error."""
    for pid in pids:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _record(layout: Layout, name: str) -> Path:
    return layout.runtime / "processes" / f"{name}.json"
