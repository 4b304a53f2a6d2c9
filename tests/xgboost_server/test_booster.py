"""The answer is Booster.predict's, to the last bit."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xgboost_server import models, oracle
from xgboost_server import booster

ROOT = Path(__file__).resolve().parents[2]


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(oracle.CASES), st.integers(0, 10_000))
def test_predictions_equal_those_of_the_oracle(case: tuple[str, str, str], seed: int) -> None:
    assert oracle.compare(*case, seed=seed) > oracle.ROWS


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
