"""Virtual environments with the versions of a lock file, made once under $POINTSMAN_CACHE: what cannot be had here."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cluster import layout, ownership

LOCKS = layout.REPOSITORY / ".locks"


def interpreter(lock: str, say: Callable[[str], None]) -> Path:
    """Python of an environment that has what ``.locks/<lock>.txt`` says; ``say`` is told when it has to be made."""
    file = LOCKS / f"{lock}.txt"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:10]
    environments = layout.current().cache / "environments"
    folder = environments / f"{lock}-{digest}"
    done = folder / ".installed"
    python = folder / "bin" / "python"
    if done.exists():
        return python
    with ownership.exclusive(environments, lock):
        if not done.exists():
            say(f"installing .locks/{lock}.txt into {folder}")
            _install(folder, file)
            done.touch()
    return python


def _install(folder: Path, lock: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
