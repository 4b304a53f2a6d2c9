"""Who may touch the cluster now: one command at a time, and only with the cache that it was made from."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import errors
from tests.cluster.layout import Layout

IMAGES = "images"
"""The work of building images in a cache."""


@contextmanager
def lock(layout: Layout) -> Iterator[None]:
    """Hold the cluster against other commands of this harness; waits for them to end."""
    try:
        file = Path(f"/run/lock/{layout.name}").open("w")  # noqa: SIM115 - closed by the `with` below
    except PermissionError as exc:
        raise errors.HarnessError(
            "the test cluster needs root: network namespaces, mounts, control groups"
        ) from exc
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def exclusive(folder: Path, work: str) -> Iterator[None]:
    """Hold a folder of the cache while `work` is done in it; the same done twice at once would only take longer."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{work}.lock").open("w")
    except PermissionError as exc:
        raise errors.HarnessError(
            f"cannot write to {folder}; set POINTSMAN_CACHE to a folder of your own"
        ) from exc
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def unless_busy(folder: Path, work: str) -> Iterator[bool]:
    """Whether nobody does `work` in a folder of the cache now; then nobody begins it in the block."""
    lock_file = folder / f"{work}.lock"
    if not lock_file.exists():
        yield True
        return
    with lock_file.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def take(layout: Layout) -> None:
    layout.runtime.mkdir(parents=True, exist_ok=True)
    layout.state.mkdir(parents=True, exist_ok=True)
    _owner(layout).write_text(str(layout.cache))


def require_ours(layout: Layout) -> None:
    """Raises HarnessError if a cluster runs that another cache folder holds the files of."""
    try:
        owner = _owner(layout).read_text()
    except FileNotFoundError:
        return
    if owner != str(layout.cache):
        raise errors.HarnessError(
            f"a test cluster runs whose files are in {owner}, not in {layout.cache}.\n"
            f"End it with: POINTSMAN_CACHE={owner} make cluster-down\n"
            "or start a second one beside it: POINTSMAN_CLUSTER=1"
        )


def _owner(layout: Layout) -> Path:
    return layout.runtime / "owner"
