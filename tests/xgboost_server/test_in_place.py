"""Asking XGBoost through its C API: the same answers as its Python package, from any number of threads."""

import threading
from collections.abc import Callable
from concurrent import futures

import numpy as np
import pytest
import xgboost

from tests.xgboost_server import models
from xgboost_server import in_place


def a_booster(objective: str = "binary:logistic", columns: int = 5) -> xgboost.Booster:
    trained = models.a_booster(objective, columns=columns)
    trained.set_param({"nthread": 1})
    return trained


@pytest.mark.parametrize("objective", models.OBJECTIVES)
def test_shape_type_and_bits_are_those_of_xgboosts_own_method(objective: str) -> None:
    trained, rows = a_booster(objective), models.some_rows(40, 5)
    right = trained.inplace_predict(rows)
    found = in_place.InPlace(trained).predict(rows)
    assert (found.shape, found.dtype) == (right.shape, right.dtype)
    assert found.tobytes() == right.tobytes()


def test_rows_that_do_not_lie_one_after_the_other_are_read_right() -> None:
    trained, rows = a_booster(), models.some_rows(40, 5)
    scattered = np.asfortranarray(rows)[::2]
    assert not scattered.flags.c_contiguous
    found = in_place.InPlace(trained).predict(scattered)
    assert found.tobytes() == trained.inplace_predict(rows[::2].copy()).tobytes()


def test_an_earlier_answer_is_untouched_by_a_later_call() -> None:
    trained, rows = a_booster(), models.some_rows(40, 5)
    asked = in_place.InPlace(trained)
    first = asked.predict(rows[:20])
    before = first.tobytes()
    asked.predict(rows[20:])
    assert first.tobytes() == before


def test_threads_at_a_time_get_each_its_own_answer() -> None:
    trained, rows = a_booster("multi:softprob"), models.some_rows(64, 5)
    right = trained.inplace_predict(rows)
    asked, begin = in_place.InPlace(trained), threading.Barrier(4)

    def one_by_one(first: int) -> bool:
        begin.wait()
        order = [*range(first, 64), *range(first)] * 20
        return all(
            asked.predict(rows[index : index + 1]).tobytes() == right[index].tobytes() for index in order
        )

    with futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(one_by_one, (0, 16, 32, 48)))


@pytest.mark.parametrize(
    "wrong",
    [lambda rows: np.hstack([rows, rows]), lambda rows: rows[:, :2]],
    ids=["wider than the model", "narrower than the model"],
)
def test_a_refusal_of_xgboost_is_its_error_and_the_next_call_works(
    wrong: Callable[[np.ndarray], np.ndarray],
) -> None:
    trained, rows = a_booster(), models.some_rows(4, 5)
    asked = in_place.InPlace(trained)
    right = asked.predict(rows).tobytes()
    with pytest.raises(xgboost.core.XGBoostError, match=r"column|feature"):
        asked.predict(wrong(rows))
    assert asked.predict(rows).tobytes() == right
