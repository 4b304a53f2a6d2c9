"""What the programs that run in pods do first."""

import subprocess
import sys

import pytest

SLOW = ("aiohttp", "kopf", "kubernetes", "uvloop", "xgboost")


@pytest.mark.parametrize("program", ["endpoint_operator", "endpoint_router", "xgboost_server"])
def test_a_program_can_be_told_to_end_before_it_imports_what_takes_long(program: str) -> None:
    code = f"import sys, {program}.__main__; print([name for name in {SLOW} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
