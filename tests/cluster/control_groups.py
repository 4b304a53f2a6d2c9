"""The cluster's control groups, version 1 or 2: one tree for pods and for the components.

The components live in it too, so that no limit of the terminal or job that started them holds for them.
"""

import contextlib
import functools
from pathlib import Path

from tests.cluster import commands
from tests.cluster.layout import Layout

COMPONENTS = "components"


def roots() -> list[Path]:
    """Where control groups are mounted: a folder for each controller of version 1, and that of version 2."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(mount[1]) for mount in mounts if mount[2] in {"cgroup", "cgroup2"}]


def create(layout: Layout) -> None:
    """Make the empty tree; kubelet insists that its root exists."""
    for root in roots():
        _delegate(root)
        for folder in (root / layout.name, root / layout.name / COMPONENTS):
            folder.mkdir(exist_ok=True)
            _inherit_cpus(folder)


def trees(layout: Layout) -> list[Path]:
    """The folders of the cluster's tree that exist."""
    return [root / layout.name for root in roots() if (root / layout.name).is_dir()]


def joining(layout: Layout) -> str:
    """Shell words by which a process puts itself among the components."""
    return "; ".join(f"echo $$ > {tree / COMPONENTS / 'cgroup.procs'}" for tree in trees(layout))


def processes(layout: Layout) -> set[int]:
    """Process ids of everything that runs in the tree, pods and components."""
    found: set[int] = set()
    for tree in trees(layout):
        for listing in tree.rglob("cgroup.procs"):
            # A group may go while we look.
            with contextlib.suppress(OSError):
                found.update(map(int, listing.read_text().split()))
    return found


def remove(layout: Layout) -> None:
    """Remove the tree, once its processes are gone from it."""
    for tree in trees(layout):
        folders = sorted((path for path in tree.rglob("*") if path.is_dir()), reverse=True)
        for folder in [*folders, tree]:
            commands.wait_until(functools.partial(_is_removed, folder), f"{folder} is empty", seconds=10)


def _is_removed(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _delegate(root: Path) -> None:
    """Version 2 gives children a controller only when the parent says so; version 1 has no such file."""
    control = root / "cgroup.subtree_control"
    if control.exists():
        for controller in (root / "cgroup.controllers").read_text().split():
            with contextlib.suppress(OSError):
                control.write_text(f"+{controller}")


def _inherit_cpus(folder: Path) -> None:
    """A new `cpuset` group of version 1 has no processors, and so admits no process."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = folder / name
        if file.exists() and not file.read_text().strip():
            with contextlib.suppress(OSError):
                file.write_text((folder.parent / name).read_text())
