"""How the answers of several models become one."""

import numpy as np

from xgboost_server import ensemble


def test_the_mean_is_taken_in_float32() -> None:
    found = ensemble.mean(np.array([[0.1, 1], [0.3, 3]], dtype=np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == np.array([0.2, 2], dtype=np.float32).tolist()


def test_the_commonest_class_wins_and_the_smallest_of_equals() -> None:
    votes = np.array([[2, 0, 1], [2, 1, 0], [0, 1, 2]], dtype=np.float32)
    assert ensemble.commonest(votes).tolist() == [2, 1, 0]
