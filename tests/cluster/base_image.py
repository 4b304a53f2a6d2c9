"""The image under all of ours, where none can be pulled: this machine's distribution with its Python."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import commands, errors, progress

_INCLUDED = ("python3", "python3-venv", "ca-certificates", "libgomp1")
# What nothing needs at run time, and what is this machine's own affair.
_REMOVED_CONTENT = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
)
_EMPTIED = ("etc/resolv.conf", "etc/hostname", "etc/hosts", "etc/apt/sources.list", "etc/pip.conf")
_RECIPE = 1


@dataclass(frozen=True, slots=True)
class Source:
    """Where the distribution's packages come from."""

    mirror: str
    suite: str
    components: tuple[str, ...]


def reference(source: Source) -> str:
    """Name of the image; another recipe has another name."""
    content = repr((source.suite, source.components, _INCLUDED, _REMOVED_CONTENT, _EMPTIED, _RECIPE))
    return f"localhost/pointsman/python:{source.suite}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def provide(buildah: Callable[..., str], work: Path) -> str:
    """Build the image unless it is there, and return its name. `work`: a folder on a disk that holds a system."""
    source = of_this_machine()
    name = reference(source)
    if not buildah("images", "--quiet", "--filter", f"reference={name}").strip():
        with progress.step(f"Base image: {source.suite} with Python", slow=True):
            _build(buildah, source, name, work / "rootfs")
    return name


def _build(buildah: Callable[..., str], source: Source, name: str, root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    wanted = [f"--include={','.join(_INCLUDED)}", f"--components={','.join(source.components)}"]
    commands.run(["debootstrap", "--variant=minbase", *wanted, source.suite, root, source.mirror])
    _slim(root)
    container = buildah("from", "scratch").strip()
    try:
        buildah("add", "--quiet", container, root, "/")
        buildah("config", "--cmd", "python3", container)
        buildah("commit", "--quiet", container, name)
    finally:
        buildah("rm", container)
        shutil.rmtree(root)


def _slim(root: Path) -> None:
    for folder in _REMOVED_CONTENT:
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    for file in (root / "usr/share/doc").rglob("*"):
        if not file.is_dir() and file.name != "copyright":
            file.unlink()
    for name in _EMPTIED:
        (root / name).write_text("")


def of_this_machine() -> Source:
    """The package source that this machine itself uses; raises HarnessError when it has none."""
    system = _fields(Path("/etc/os-release").read_text(), "=")
    suite = system.get("VERSION_CODENAME", "").strip('"')
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n\n".join(
        file.read_text() for file in files if file.suffix in {".list", ".sources"} and file.exists()
    )
    mirror = find_mirror(text, suite)
    if mirror is None:
        raise errors.HarnessError(
            "images are built on Debian's or Ubuntu's packages, and this machine names no source of them. "
            "Set PYTHON_IMAGE to an image with Python 3.11 or newer that can be pulled here."
        )
    components = ("main", "universe") if system.get("ID") == "ubuntu" else ("main",)
    return Source(mirror, suite, components)


def find_mirror(text: str, suite: str) -> str | None:
    """The first source of `main` for a suite, in either of apt's two formats."""
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*]", "", line).split()
        if len(words) > 3 and words[0] == "deb" and words[2] == suite and "main" in words[3:]:
            return words[1]
    for block in re.split(r"\n\s*\n", text):
        fields = {name: value.split() for name, value in _fields(block, ":").items()}
        if (
            suite in fields.get("Suites", [])
            and "main" in fields.get("Components", [])
            and fields.get("URIs")
        ):
            return fields["URIs"][0]
    return None


def _fields(text: str, separator: str) -> dict[str, str]:
    rows = [line.partition(separator) for line in text.splitlines() if not line.startswith("#")]
    return {name.strip(): value.strip() for name, found, value in rows if found}


def chosen() -> dict[str, str]:
    """Build arguments by which the user named other base images; the Dockerfiles have their own COMPILER_IMAGE."""
    if not os.environ.get("PYTHON_IMAGE"):
        return {}
    named = {name: os.environ.get(name, "") for name in ("PYTHON_IMAGE", "COMPILER_IMAGE")}
    return {name: image for name, image in named.items() if image}
