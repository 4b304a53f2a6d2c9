"""The answer is Booster.predict's, to the last bit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xgboost_server import models, oracle
from xgboost_server import booster

ROOT = Path(__file__).resolve().parents[2]


def interpreters() -> list[str]:
    """This one, and those of other XGBoost versions that the demo has installed."""
    cache = Path(os.environ.get("POINTSMAN_CACHE") or Path.home() / ".cache" / "pointsman")
    return [sys.executable, *map(str, sorted(cache.glob("demo/xgboost-2.*/bin/python")))]


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(oracle.CASES), st.integers(0, 10_000))
def test_predictions_equal_those_of_the_oracle(case: tuple[str, str, str], seed: int) -> None:
    assert oracle.compare(*case, seed=seed) > oracle.ROWS


@pytest.mark.parametrize("python", interpreters())
def test_every_installed_xgboost_equals_its_oracle(python: str) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "serving")])
    run = subprocess.run(
        [python, "-m", "tests.xgboost_server.oracle"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    assert "predictions equal" in run.stdout


def test_trees_are_asked_by_several_threads_at_a_time() -> None:
    loaded = {
        kind: booster.load("m", models.content(models.a_booster("reg:squarederror", kind=kind)))
        for kind in ("gbtree", "dart", "gblinear")
    }
    assert {kind: model.is_concurrent for kind, model in loaded.items()} == {
        "gbtree": True,
        "dart": True,
        "gblinear": False,
    }
