"""Compiles the hot modules with mypyc: ``python serving/compile_modules.py FOLDER``, for the packages that FOLDER has.

The extension modules are put beside their sources in FOLDER, a copy of this folder's packages, where Python prefers
them; a Python of another version does not see them and runs the sources. Needs a C compiler, Python's headers, mypy and
setuptools, and 20 to 40 seconds.
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

import setuptools
from mypyc import build

# Only what each request runs through. Compiled together, so that they call each other without going through Python.
MODULES = (
    "http_protocol.budget",
    "http_protocol.chunks",
    "http_protocol.client",
    "http_protocol.client_connection",
    "http_protocol.counted",
    "http_protocol.exchanges",
    "http_protocol.fields",
    "http_protocol.heads",
    "http_protocol.limits",
    "http_protocol.probing",
    "http_protocol.refusals",
    "http_protocol.repetition",
    "http_protocol.server_connection",
    "endpoint_router.admission",
    "endpoint_router.answers",
    "endpoint_router.balancing",
    "endpoint_router.counters",
    "endpoint_router.plan",
    "endpoint_router.proxy",
    "endpoint_router.selection",
    "endpoint_router.upstream",
)


def main(folder: Path) -> None:
    """Compile in ``folder``; exits with mypyc's own words when it can't."""
    sources = [Path(*module.split(".")).with_suffix(".py") for module in MODULES]
    with contextlib.chdir(folder), tempfile.TemporaryDirectory() as scratch:
        found = [str(source) for source in sources if source.exists()]
        # Types were checked where the code was written; here packages that a program does not use may be missing.
        extensions = build.mypycify(["--ignore-missing-imports", *found], target_dir=scratch, debug_level="0")
        setuptools.setup(
            name="compiled",
            packages=[],
            py_modules=[],
            ext_modules=extensions,
            script_args=[
                "--quiet",
                "build_ext",
                "--inplace",
                *(f"--build-{kind}={scratch}" for kind in ("temp", "lib")),
                f"--parallel={os.cpu_count()}",
            ],
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
