"""This machine's way to Python packages, made visible to image builds and left out of images."""

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Settings that say where packages come from. Others (user, target, …) would change what an installation does.
_PASSED_ON = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "proxy",
    "cert",
    "client-cert",
    "timeout",
    "retries",
)
_CERTIFICATES = Path("/etc/ssl/certs")


@dataclass(frozen=True, slots=True)
class PipSettings:
    """A pip.conf for use in a build, and the paths of this machine that it names."""

    text: str
    paths: tuple[Path, ...]


def read(environment: Mapping[str, str], files: tuple[Path, ...]) -> PipSettings:
    """What pip would use here: `files` from weakest to strongest, then PIP_… variables."""
    found: dict[str, str] = {}
    for file in files:
        found.update(_of_file(file))
    for name in _PASSED_ON:
        value = environment.get(f"PIP_{name.upper().replace('-', '_')}")
        if value:
            found[name] = value
    lines = ["[global]", *(f"{name} = {_indented(value)}" for name, value in found.items())]
    return PipSettings("\n".join(lines) + "\n", _local_paths(found))


def of_this_machine() -> PipSettings:
    home = Path.home()
    user = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user]
    chosen = os.environ.get("PIP_CONFIG_FILE")
    if chosen:
        files.append(Path(chosen))
    return read(os.environ, tuple(files))


def mounts(settings: PipSettings, folder: Path) -> list[str]:
    """Arguments by which a build sees the settings where pip looks for them; the file is kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pip.conf"
    file.write_text(settings.text)
    shown = {file: Path("/etc/pip.conf"), **{path: path for path in settings.paths}}
    if _CERTIFICATES.is_dir():
        shown[_CERTIFICATES] = _CERTIFICATES
    return [f"--volume={here}:{there}:ro" for here, there in shown.items()]


def _of_file(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    parser.read(file)
    sections = [section for section in ("global", "install") if parser.has_section(section)]
    return {
        name: value for section in sections for name, value in parser.items(section) if name in _PASSED_ON
    }


def _indented(value: str) -> str:
    """A value of several lines, as the format wants it."""
    return "\n    ".join(value.split()) if len(value.split()) > 1 else value


def _local_paths(settings: Mapping[str, str]) -> tuple[Path, ...]:
    words = " ".join(settings.get(name, "") for name in ("find-links", "cert", "client-cert")).split()
    paths = {Path(word.removeprefix("file://")) for word in words if word.startswith(("/", "file:///"))}
    return tuple(
        sorted(path for path in paths if _has_content(path) and not path.is_relative_to(_CERTIFICATES))
    )


def _has_content(path: Path) -> bool:
    """An empty folder would only leave its name in the image."""
    return path.is_file() or (path.is_dir() and any(path.iterdir()))
