"""What an interrupted build of images leaves on the machine: buildah's processes and mounts.

They belong to the cache, which clusters side by side share; so they are nobody's leftovers while images are built.
"""

from pathlib import Path

from tests.cluster import commands, mounts, ownership, processes
from tests.cluster.layout import Layout


def find(layout: Layout) -> list[str]:
    """One line for each thing that is there; empty while images are built."""
    with ownership.unless_busy(layout.cache, ownership.IMAGES) as is_free:
        if not is_free:
            return []
        found = [f"process {pid}: {processes.command(pid)}" for pid in sorted(_processes(layout))]
        return found + [f"mount {mount}" for mount in mounts.below(_store(layout))]


def clear(layout: Layout) -> None:
    """Remove all that `find` finds; the images and layers that were finished stay."""
    with ownership.unless_busy(layout.cache, ownership.IMAGES) as is_free:
        if is_free:
            processes.kill(_processes(layout))
            commands.wait_until(lambda: not _processes(layout), "buildah's processes end", seconds=20)
            mounts.remove(_store(layout))


def _store(layout: Layout) -> Path:
    return layout.cache / "buildah"


def _processes(layout: Layout) -> set[int]:
    """Builders that outlived the command that started them."""
    root = f"--root={_store(layout)} "
    running = {pid for pid in processes.all_ids() if root in processes.command(pid)}
    return {pid for pid in running if processes.start_time(pid) is not None}
