"""How many threads or processes the container's CPU limit has room for: cgroup v2 or v1, fractional limits included."""

import os
from pathlib import Path


def threads(root: Path = Path("/")) -> int:
    """Whole CPUs that this process may use, at least 1; ``root`` is where ``/proc`` and ``/sys`` are looked for.

    A limit of 1.5 gives 1: two threads would spend it in two thirds of every period and stand still for the rest.
    """
    available = float(len(os.sched_getaffinity(0)))
    return max(1, int(min([available, *_limits(root)])))


def workers(root: Path = Path("/")) -> int:
    """How many processes share the work when nobody says: `threads` of a limited container, else 1.

    Without a limit the CPUs are everybody's: a process for each of a large node's would only take memory from others.
    """
    return threads(root) if _limits(root) else 1


def _limits(root: Path) -> list[float]:
    """Every CPU limit of the process's cgroup and those around it that can be seen; infinite ones left out."""
    unified, cpu = _groups(root)
    found = [_unified_limit(folder) for folder in _upwards(root / "sys/fs/cgroup", unified)]
    for name in ("cpu", "cpu,cpuacct"):
        found += [_legacy_limit(folder) for folder in _upwards(root / "sys/fs/cgroup" / name, cpu)]
    return [limit for limit in found if limit is not None]


def _groups(root: Path) -> tuple[str, str]:
    """The process's cgroup paths, v2 and v1's cpu controller, from lines like ``4:cpu,cpuacct:/pod/container``."""
    unified = cpu = "/"
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            unified = path
        elif "cpu" in controllers.split(","):
            cpu = path
    return unified, cpu


def _upwards(base: Path, group: str) -> list[Path]:
    """The folders of ``group`` and the groups around it. One outside of what is mounted just is not there."""
    parts = [part for part in group.split("/") if part not in ("", "..")]
    return [base.joinpath(*parts[:length]) for length in range(len(parts) + 1)]


def _unified_limit(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
    return _ratio(quota, period)


def _legacy_limit(folder: Path) -> float | None:
    return _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _ratio(quota: str, period: str) -> float | None:
    try:
        limit = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return None
    return limit if limit > 0 else None


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
