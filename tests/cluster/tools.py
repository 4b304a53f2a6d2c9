"""Builds the cluster's programs from one Go module, once, into a cache outside the repository."""

import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.cluster import commands, errors, go_toolchain, layout, ownership, progress, versions

NAMES = tuple(versions.PACKAGES)
_BYTES_OF_ONE = 1 << 30
"""Sources, Go's own cache and the program together, at most."""
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


def install(names: Sequence[str] = NAMES) -> None:
    """Build those of the named programs that the cache does not have yet."""
    unknown = set(names) - set(NAMES)
    if unknown:
        raise errors.HarnessError(f"no tool {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    if not _missing(names):
        return
    with ownership.exclusive(layout.current().cache, "tools"):
        # What another command built meanwhile is not built again.
        if missing := _missing(names):
            _build(missing)


def path(name: str) -> Path:
    """Where a program is, built or not."""
    return layout.current().binaries / name


def search_path() -> str:
    """$PATH with the built programs in front."""
    return os.pathsep.join([str(layout.current().binaries), os.environ.get("PATH", "")])


def _missing(names: Sequence[str]) -> list[str]:
    return [name for name in names if not path(name).exists()]


def _build(names: Sequence[str]) -> None:
    target = layout.current().binaries
    # A folder of its own: a build that was cut off never looks whole.
    unfinished = target / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _require_space(target, len(names))
    _compile(names, unfinished)
    for name in names:
        (unfinished / name).rename(target / name)
    unfinished.rmdir()


def _compile(names: Sequence[str], target: Path) -> None:
    program = go_toolchain.find(layout.current().cache)
    environment = go_toolchain.environment()
    wanted = [versions.PACKAGES[name] for name in names]
    with progress.step(f"Downloading the sources of {_described(names)}", slow=True):
        listed = commands.run(
            [program, "list", "-deps", *wanted], directory=layout.PROGRAMS, environment=environment
        )
    with progress.step(f"Building {_described(names)}", slow=True) as building:
        packages = len(listed.split())
        # A line a package. After the last one the programs are linked.
        compiled = itertools.count(1)
        commands.follow(
            [program, "build", "-v", "-trimpath", "-ldflags", _stamped(), "-o", f"{target}/", *wanted],
            on_line=lambda _: building.reached(min(0.99, next(compiled) / packages)),
            directory=layout.PROGRAMS,
            environment=environment,
        )


def _described(names: Sequence[str]) -> str:
    if len(names) < len(NAMES):
        return ", ".join(names)
    return f"Kubernetes {versions.KUBERNETES}, etcd, CoreDNS and helm"


def _stamped() -> str:
    """Linker flags that tell the programs their version, or clients would see an empty one."""
    major, minor, _ = versions.KUBERNETES.split(".")
    facts = {
        "gitVersion": f"v{versions.KUBERNETES}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    stamps = [
        f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in facts.items()
    ]
    return " ".join(["-s", "-w", *stamps])


def _require_space(folder: Path, programs: int) -> None:
    """Running out of space midway says nothing clear."""
    free = shutil.disk_usage(folder).free
    if free < programs * _BYTES_OF_ONE:
        raise errors.HarnessError(
            f"{free >> 30} GiB are free in {folder}; building {programs} programs takes up to {programs}"
        )
