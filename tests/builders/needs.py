"""What a test needs and no Python package brings: programs, and rights."""

import os
import shutil

import pytest


def program(name: str) -> None:
    """Skip the test where there is no such program; where ``CI`` is set, nothing may be missing, so it fails."""
    if shutil.which(name) is None:
        _lack(f"needs {name}, which is not on this machine")


def root() -> None:
    """Skip the test for other users; where ``CI`` is set, it fails."""
    if os.geteuid() != 0:
        _lack("needs root, to mount")


def _lack(what: str) -> None:
    say = pytest.fail if os.environ.get("CI") else pytest.skip
    say(what)
