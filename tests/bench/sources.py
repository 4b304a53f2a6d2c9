"""Our own packages as they are measured: as they stand in serving/, and compiled with mypyc as in the images."""

import hashlib
import shutil
from pathlib import Path

from tests.bench import contender, environments
from tests.cluster import commands, layout, progress

PLAIN = contender.SOURCES


def compiled() -> Path:
    """A folder with our packages, their hot modules compiled; made anew when a source changed.

    Raises HarnessError when they cannot be compiled.
    """
    folder = layout.current().cache / "bench" / "compiled"
    digest, done = _digest(), folder / "complete"
    if done.exists() and done.read_text() == digest:
        return folder
    python = environments.locked("compile") / "python"
    with progress.step("Compiling our hot modules with mypyc", slow=True):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PLAIN, folder, ignore=shutil.ignore_patterns("__pycache__", "*.Dockerfile"))
        commands.run([python, PLAIN / "compile_modules.py", folder])
        done.write_text(digest)
    return folder


def _digest() -> str:
    contents = hashlib.sha256(bytes(environments.python()))
    for path in sorted(PLAIN.rglob("*.py")):
        contents.update(f"{path.relative_to(PLAIN)}\n".encode() + path.read_bytes())
    return contents.hexdigest()
