"""Builds the cluster's programs from their Go modules, once, into a cache outside the repository."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cluster import commands, errors, go_toolchain, layout, ownership, progress, sandbox_image, versions

_BUILD_BYTES = 10 << 30
MODULE = Path(__file__).parent / "kubernetes"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
# What a tool is called by the user → what it is made of.
NAMES = ("kubernetes", *(program.name for program in versions.GO_PROGRAMS))


def install(names: tuple[str, ...] = NAMES) -> None:
    """Build those of the named tools that the cache does not have yet."""
    unknown = set(names) - set(NAMES)
    if unknown:
        raise errors.HarnessError(f"no tool {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    if all(path(name).exists() for name in names):
        return
    with ownership.exclusive(layout.current().cache, "tools"):
        # Before the threads, lest each installs a Go.
        go_toolchain.find(layout.current().cache)
        with ThreadPoolExecutor() as threads:
            # Kubernetes first: it takes longest, and the others fill the gaps while it downloads.
            list(threads.map(_install, [name for name in NAMES if name in names]))


def install_cluster() -> None:
    """All that a cluster needs to run."""
    install(("kubernetes", versions.COREDNS_PROGRAM.name))


def path(name: str) -> Path:
    """Where a tool is, built or not."""
    current = layout.current()
    for program in versions.GO_PROGRAMS:
        if program.name == name:
            return current.cache / f"{name}-{program.version}" / name
    return current.binaries / name if name != "kubernetes" else current.binaries


def _install(name: str) -> None:
    if name == "kubernetes":
        _install_kubernetes()
        return
    for program in versions.GO_PROGRAMS:
        if program.name == name:
            _install_program(program)


def _install_kubernetes() -> None:
    target = layout.current().binaries
    if target.is_dir():
        return
    _require_space(target.parent)
    unfinished = _unfinished(target)
    what = f"Kubernetes {versions.KUBERNETES} and etcd {versions.ETCD}"
    with progress.step(f"Building {what} (minutes)", slow=True):
        _go("build", "-trimpath", "-ldflags", _stamped(), "-o", f"{unfinished}/", "tool", directory=MODULE)
        (unfinished / "server").rename(unfinished / "etcd")
        _go("build", "-ldflags", "-s -w", "-o", str(unfinished / "pause"), str(sandbox_image.SOURCE))
    unfinished.rename(target)


def _install_program(program: versions.GoProgram) -> None:
    target = path(program.name).parent
    if target.is_dir():
        return
    unfinished = _unfinished(target)
    with progress.step(f"Building {program.name} {program.version}", slow=True):
        _go(
            "install",
            "-trimpath",
            "-ldflags",
            "-s -w",
            f"{program.package}@v{program.version}",
            binaries=unfinished,
        )
    unfinished.rename(target)


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


def _require_space(folder: Path) -> None:
    """Sources, Go's own cache and the programs together; running out of space midway says nothing clear."""
    free = shutil.disk_usage(folder).free
    if free < _BUILD_BYTES:
        raise errors.HarnessError(
            f"{free >> 30} GiB are free in {folder}; building Kubernetes takes {_BUILD_BYTES >> 30}"
        )


def _unfinished(target: Path) -> Path:
    """A folder beside the target, renamed when complete: a build that was cut off never looks whole."""
    folder = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _go(*arguments: str, directory: Path | None = None, binaries: Path | None = None) -> None:
    environment = go_toolchain.environment()
    if binaries is not None:
        environment["GOBIN"] = str(binaries)
    program = go_toolchain.find(layout.current().cache)
    commands.run([program, *arguments], directory=directory, environment=environment)


def search_path() -> str:
    """$PATH with the built tools in front."""
    folders = [layout.current().binaries, path(versions.HELM_PROGRAM.name).parent]
    return os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
