"""A program that still starts ends at once when it is told to."""

import subprocess
import sys
from pathlib import Path

import pytest

SERVING = Path(__file__).resolve().parents[2] / "serving"
TOLD = """
import os, signal, weakref
from process_group import starting

starting.end_when_told()

def tell(_=None):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass
"""
IN_ITS_OWN_CODE = """
try:
    tell()
except BaseException:
    pass
"""
IN_A_CALLBACK_OF_THE_INTERPRETER = """
class Module: pass
module = Module()
reference = weakref.ref(module, tell)
del module
"""


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(IN_ITS_OWN_CODE, id="in code that catches everything"),
        pytest.param(IN_A_CALLBACK_OF_THE_INTERPRETER, id="in a callback, as after each import"),
    ],
)
def test_nothing_on_the_way_can_lose_the_signal(where: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TOLD + where + "raise SystemExit(3)"],
        env={"PYTHONPATH": str(SERVING)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
