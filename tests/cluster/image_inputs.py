"""What an image is made of: the files that its Dockerfile copies, read from the Dockerfile itself, as one hash."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.cluster import errors

_ARGUMENT = re.compile(r"ARG\s+(\w+)(?:=(\S+))?\s*$")
_IGNORED_FOLDERS = {"__pycache__", ".mypy_cache"}


def digest(root: Path, dockerfile: Path, arguments: Mapping[str, str]) -> str:
    """Hash of the Dockerfile, its build arguments and every file that it copies from `root`."""
    text = (root / dockerfile).read_text()
    sum_ = hashlib.sha256(text.encode())
    sum_.update(repr(sorted(arguments.items())).encode())
    for source in sources(text, arguments):
        files = list(_files(root / source))
        if not files:
            raise errors.HarnessError(f"{dockerfile} copies {source}, which does not exist")
        for file in files:
            sum_.update(f"\0{file.relative_to(root)}\0{file.stat().st_mode & 0o777}\0".encode())
            sum_.update(file.read_bytes())
    return sum_.hexdigest()[:16]


def sources(text: str, arguments: Mapping[str, str]) -> list[str]:
    """Paths that the Dockerfile copies from the build context, with build arguments filled in."""
    known: dict[str, str] = {}
    found: list[str] = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if declared := _ARGUMENT.match(line.strip()):
            known[declared[1]] = arguments.get(declared[1], declared[2] or "")
        words = line.split()
        if words and words[0] in {"COPY", "ADD"} and not any(word.startswith("--from=") for word in words):
            paths = [word for word in words[1:] if not word.startswith("--")]
            found.extend(_filled(path, known) for path in paths[:-1])
    return found


def _filled(path: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$\{?(\w+)\}?", lambda match: known.get(match[1], match[0]), path)


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    for path in sorted(source.rglob("*")):
        if path.is_file() and not _IGNORED_FOLDERS & set(path.parts):
            yield path
