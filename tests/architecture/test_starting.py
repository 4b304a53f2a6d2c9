"""What the programs that run in pods do first."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("aiohttp", "kopf", "kubernetes", "uvloop", "xgboost")


@pytest.mark.parametrize("program", ["endpoint_operator", "endpoint_router", "xgboost_server"])
def test_a_program_can_be_told_to_end_before_it_imports_what_takes_long(program: str) -> None:
    code = f"import sys, {program}.__main__; print([name for name in {SLOW} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "program", ["endpoint_operator", "endpoint_router", "xgboost_server", "model_loader"]
)
def test_a_program_tells_the_version_of_the_project(program: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    command = [sys.executable, "-m", program, "--version"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert found.stdout == f"{program.replace('_', '-')} {project['version']}\n"
