"""What an interrupted build leaves is found and taken away, and what a running build uses is not."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import needs
from tests.cluster import broken_builds, commands, mounts, ownership, processes
from tests.cluster.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(cache=tmp_path / "cache", number=0)


@pytest.fixture
def mounted(layout: Layout) -> Iterator[Path]:
    """A mount within a mount, as a build has them."""
    needs.root()
    outer = layout.cache / "buildah" / "overlay" / "0123" / "merged"
    for place in (outer, outer / "proc"):
        place.mkdir(parents=True)
        commands.run(["mount", "-t", "tmpfs", "tmpfs", place])
    yield outer
    mounts.remove(layout.cache)


@pytest.fixture
def builder(layout: Layout) -> Iterator[subprocess.Popen[bytes]]:
    """A process with buildah's way of naming its store."""
    sleeping = [
        sys.executable,
        "-c",
        "import signal; signal.pause()",
        f"--root={layout.cache}/buildah",
        "bud",
    ]
    with subprocess.Popen(sleeping) as process:
        # For a moment after its start a process has no command line.
        commands.wait_until(lambda: bool(processes.command(process.pid)), "it has a command line", seconds=10)
        yield process
        process.kill()


def test_nothing_is_found_where_nothing_was_built(layout: Layout) -> None:
    assert broken_builds.find(layout) == []
    broken_builds.clear(layout)
    assert not layout.cache.exists()


def test_mounts_of_an_interrupted_build_are_found_and_taken_away(layout: Layout, mounted: Path) -> None:
    assert broken_builds.find(layout) == [f"mount {mounted}/proc", f"mount {mounted}"]
    broken_builds.clear(layout)
    assert broken_builds.find(layout) == []
    assert not mounted.is_mount()


def test_a_builder_that_outlived_its_command_is_ended(
    layout: Layout, builder: subprocess.Popen[bytes]
) -> None:
    (found,) = broken_builds.find(layout)
    assert found.startswith(f"process {builder.pid}: ")
    broken_builds.clear(layout)
    assert processes.start_time(builder.pid) is None


def test_while_images_are_built_nothing_of_it_is_a_leftover(
    layout: Layout, mounted: Path, builder: subprocess.Popen[bytes]
) -> None:
    with ownership.exclusive(layout.cache, ownership.IMAGES):
        assert broken_builds.find(layout) == []
        broken_builds.clear(layout)
        assert mounted.is_mount()
        assert builder.poll() is None
    assert len(broken_builds.find(layout)) == 3
