"""The command lines that people run by hand, beside the programs in pods."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    *("tests.bench", "tests.cluster", "tests.demo", "tests.model_loader.faults"),
    *("tests.robustness.fuzz", "tests.robustness.steady", "tests.xgboost_server.fuzz"),
)


def run(module: str, argument: str) -> tuple[int, str]:
    """The exit status and all that was said."""
    command = [sys.executable, "-m", module, argument]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("module", MODULES)
def test_help_says_how_to_run_it(module: str) -> None:
    status, said = run(module, "--help")
    assert status == 0
    assert f"python -m {module}" in said
    assert "``" not in said


@pytest.mark.parametrize("module", MODULES)
def test_what_is_not_known_is_named_without_a_traceback(module: str) -> None:
    status, said = run(module, "--bogus")
    assert status == 2
    assert "--bogus" in said
    assert "Traceback" not in said


def test_make_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    listed = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert set(phony[1].split()) == set(re.findall(r"^  make ([a-z-]+) ", listed, re.MULTILINE))
