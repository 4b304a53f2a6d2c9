"""Which requests are predicted together, and what becomes of each."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent import futures

import numpy as np
import pytest

from tests.builders import waiting
from xgboost_server import batching, matrix


class Request:
    """A queued request: rows of one column, and what it got."""

    def __init__(self, *values: float) -> None:
        self.rows = np.array([[value] for value in values], dtype=np.float32)
        self.is_abandoned = False
        self.predictions: list[float] | None = None
        self.error: Exception | None = None

    def succeed(self, predictions: matrix.Matrix) -> None:
        assert not self.is_over
        self.predictions = predictions.tolist()

    def fail(self, error: Exception) -> None:
        assert not self.is_over
        self.error = error

    @property
    def is_over(self) -> bool:
        return self.predictions is not None or self.error is not None


class Negation:
    """A predictor that notes its batches and refuses those with a NaN; ``may_run`` holds it up."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.threads: set[int] = set()
        self.may_run = threading.Event()
        self.may_run.set()

    def __call__(self, parts: Sequence[matrix.Rows]) -> matrix.Matrix:
        rows = np.concatenate([matrix.widen(part, 1) for part in parts])
        self.batches.append(len(rows))
        self.threads.add(threading.get_ident())
        assert self.may_run.wait(10)
        if np.isnan(rows).any():
            raise ValueError("no number")
        return -rows[:, 0]


def a_batcher(
    predict: Negation,
    *,
    inline_rows: int = 1024,
    max_rows: int = 4096,
    executor: futures.Executor | None = None,
) -> batching.Batcher:
    return batching.Batcher(
        predict,
        inline_rows=inline_rows,
        max_rows=max_rows,
        executor=executor or futures.ThreadPoolExecutor(1),
        observe=lambda _rows: None,
        loop=asyncio.get_running_loop(),
    )


async def answered(*requests: Request) -> None:
    await waiting.until(lambda: all(request.is_over for request in requests))


async def test_what_arrives_in_one_turn_is_one_prediction_and_each_gets_its_own_rows() -> None:
    predict = Negation()
    batcher = a_batcher(predict)
    requests = [Request(1), Request(2, 3), Request(4)]
    for request in requests:
        batcher.add(request)
    await answered(*requests)
    assert predict.batches == [4]
    assert [request.predictions for request in requests] == [[-1], [-2, -3], [-4]]


async def test_what_waits_when_a_prediction_ends_forms_the_next_one_in_order() -> None:
    predict = Negation()
    with futures.ThreadPoolExecutor(1) as executor:
        batcher = a_batcher(predict, inline_rows=0, executor=executor)
        predict.may_run.clear()
        requests = [Request(number) for number in range(6)]
        batcher.add(requests[0])
        await waiting.until(lambda: predict.batches == [1])
        for request in requests[1:]:
            batcher.add(request)
        predict.may_run.set()
        await answered(*requests)
    assert predict.batches == [1, 5]
    assert [request.predictions for request in requests] == [[-number] for number in range(6)]


@pytest.mark.parametrize(
    ("sizes", "max_rows", "batches"),
    [
        pytest.param([1] * 600, 4096, [256, 256, 88], id="requests"),
        pytest.param([500, 500, 500], 4096, [1000, 500], id="rows"),
        pytest.param([1024, 1], 4096, [1024, 1], id="a full one"),
        pytest.param([1, 2, 3, 1, 1], 4, [3, 4, 1], id="wide rows"),
    ],
)
async def test_a_batch_is_bounded_in_rows_and_requests(
    sizes: list[int], max_rows: int, batches: list[int]
) -> None:
    predict = Negation()
    batcher = a_batcher(predict, max_rows=max_rows)
    requests = [Request(*range(size)) for size in sizes]
    for request in requests:
        batcher.add(request)
    await answered(*requests)
    assert predict.batches == batches


async def test_a_request_that_fails_fails_alone() -> None:
    batcher = a_batcher(Negation())
    requests = [Request(1), Request(float("nan")), Request(3)]
    for request in requests:
        batcher.add(request)
    await answered(*requests)
    assert [request.predictions for request in requests] == [[-1], None, [-3]]
    assert str(requests[1].error) == "no number"


async def test_a_request_whose_client_left_is_not_predicted() -> None:
    predict = Negation()
    batcher = a_batcher(predict)
    left, stays = Request(1), Request(2)
    left.is_abandoned = True
    batcher.add(left)
    batcher.add(stays)
    await answered(stays)
    assert predict.batches == [1]
    assert not left.is_over


async def test_only_batches_that_take_long_leave_the_event_loop() -> None:
    predict = Negation()
    with futures.ThreadPoolExecutor(1) as executor:
        batcher = a_batcher(predict, inline_rows=2, executor=executor)
        small = Request(1, 2)
        batcher.add(small)
        await answered(small)
        assert predict.threads == {threading.get_ident()}
        large = Request(1, 2, 3)
        batcher.add(large)
        await answered(large)
    assert len(predict.threads) == 2
    assert large.predictions == [-1, -2, -3]
