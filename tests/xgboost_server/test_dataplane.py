"""What predictions cost, and large requests in pieces."""

import itertools

import numpy as np
import pytest

from tests.xgboost_server import models
from xgboost_server import booster, dataplane, errors, matrix


class Doubler:
    """A predictor that doubles the first column."""

    def __init__(self, *, features: int = 3, is_concurrent: bool = True) -> None:
        self.features = features
        self.is_concurrent = is_concurrent
        self.summary = booster.Summary("reg:squarederror", "gbtree", features)
        self.sizes: list[int] = []

    def predict(self, rows: matrix.Matrix) -> matrix.Matrix:
        assert rows.shape[1] == self.features
        self.sizes.append(len(rows))
        return rows[:, 0] * 2


class Refuser(Doubler):
    """A predictor that XGBoost has something against."""

    def predict(self, rows: matrix.Matrix) -> matrix.Matrix:
        del rows
        raise ValueError("no way\nat all")


def always() -> bool:
    return True


@pytest.mark.parametrize(
    ("cost", "rows"),
    [
        pytest.param(dataplane.Cost(0.001, 0.0001), 10, id="as many as fit"),
        pytest.param(dataplane.Cost(0.0, 0.003), 0, id="not even one"),
        pytest.param(dataplane.Cost(0.001, 0.0), 1000000, id="free rows"),
    ],
)
def test_cost_says_how_many_rows_fit_into_a_time(cost: dataplane.Cost, rows: int) -> None:
    assert cost.rows_within(0.002) == pytest.approx(rows, abs=1)


def test_the_cost_is_the_best_of_three_runs() -> None:
    readings = iter([0, 9, 10, 11, 20, 22, 30, 40, 50, 53, 60, 99])
    cost = dataplane.measure(Doubler(), lambda: float(next(readings)))
    assert cost == dataplane.Cost(call_seconds=1, row_seconds=2 / 64)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_large_request_is_answered_in_order(threads: int) -> None:
    plane = dataplane.Dataplane(Doubler(), dataplane.Cost(0.0001, 0.0001), threads)
    blocks = [models.some_rows(size, 3, seed=size, missing=0) for size in (1, 500, 10_000, 2)]
    found = plane.predict_blocks(blocks, always)
    plane.close()
    assert found is not None
    np.testing.assert_array_equal(found, np.concatenate(blocks)[:, 0] * 2)


def test_rows_are_widened_a_piece_at_a_time() -> None:
    predictor = Doubler(features=100_000)
    plane = dataplane.Dataplane(predictor, dataplane.Cost(0.0001, 0.0001), 1)
    found = plane.predict_blocks([np.ones((100, 1), dtype=np.float32)], always)
    assert found is not None
    assert len(found) == 100
    assert max(predictor.sizes) <= 10


def test_rows_of_several_requests_are_widened_and_answered_in_order() -> None:
    plane = dataplane.Dataplane(Doubler(), dataplane.Cost(0.0001, 0.0001), 1)
    parts = [models.some_rows(2, width, seed=width, missing=0) for width in (1, 3, 2)]
    right = np.concatenate([part[:, 0] * 2 for part in parts])
    np.testing.assert_array_equal(plane.predict(parts), right)


def test_an_unwanted_request_is_given_up() -> None:
    predictor = Doubler()
    plane = dataplane.Dataplane(predictor, dataplane.Cost(0.0001, 0.0001), 1)
    wanted = itertools.chain([True], itertools.repeat(False))
    assert plane.predict_blocks([np.ones((5000, 3), dtype=np.float32)], lambda: next(wanted)) is None
    assert len(predictor.sizes) == 1


def test_a_wide_block_cannot_be_evaluated() -> None:
    plane = dataplane.Dataplane(Doubler(), dataplane.Cost(0.0001, 0.0001), 1)
    with pytest.raises(errors.EvaluationError, match="Feature size of inference data 4"):
        plane.predict_blocks([np.ones((1, 4), dtype=np.float32)], always)


def test_what_xgboost_refuses_cannot_be_evaluated() -> None:
    plane = dataplane.Dataplane(Refuser(), dataplane.Cost(0.0001, 0.0001), 1)
    with pytest.raises(errors.EvaluationError, match=r"^Unable to evaluate payload provided: no way$"):
        plane.predict([np.ones((1, 3), dtype=np.float32)])


def test_a_predictor_that_takes_turns_never_runs_in_the_event_loop() -> None:
    plane = dataplane.Dataplane(Doubler(is_concurrent=False), dataplane.Cost(0.00001, 0.00001), 2)
    assert plane.inline_rows == 0
    plane.close()
