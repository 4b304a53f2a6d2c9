import logging

import pytest

from model_loader import errors, retries

TROUBLE = errors.TransientDownloadError("s3://b/k: cannot connect to h")


def test_the_pauses_grow_and_each_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    pauses: list[float] = []
    patience = retries.Retries(3, sleep=pauses.append, chance=lambda: 1.0)
    patience.wait_after(TROUBLE)
    patience.wait_after(TROUBLE)
    assert pauses == [0.5, 1.0]
    assert "s3://b/k: cannot connect to h; attempt 1 of 3, trying again in 0.5 s" in caplog.messages


@pytest.mark.parametrize(("attempts", "words"), [(1, "1 attempt"), (2, "2 attempts")])
def test_after_the_last_attempt_the_failure_is_told_with_their_number(attempts: int, words: str) -> None:
    patience = retries.Retries(attempts, sleep=lambda _: None)
    for _ in range(attempts - 1):
        patience.wait_after(TROUBLE)
    with pytest.raises(errors.DownloadError) as caught:
        patience.wait_after(TROUBLE)
    assert str(caught.value) == f"s3://b/k: cannot connect to h; gave up after {words}"
    assert not isinstance(caught.value, errors.TransientDownloadError)


def test_an_attempt_that_came_further_begins_a_new_row() -> None:
    pauses: list[float] = []
    patience = retries.Retries(2, sleep=pauses.append, chance=lambda: 1.0)
    for _ in range(5):
        patience.wait_after(TROUBLE, came_further=True)
    assert pauses == [0.5] * 5


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"), [(1, 0.0, 0.25), (1, 1.0, 0.5), (3, 1.0, 2.0), (20, 1.0, 10.0)]
)
def test_pauses_double_up_to_ten_seconds_and_are_spread(attempt: int, chance: float, seconds: float) -> None:
    assert retries.pause(attempt, chance) == seconds
