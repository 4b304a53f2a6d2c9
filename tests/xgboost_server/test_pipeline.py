"""The way from rows to predictions: what is small, what is large, and what neither may cost."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from tests.xgboost_server import in_process
from xgboost_server import booster, matrix
from xgboost_server.codecs import pieces


class Predictor:
    """As wide as ``features``; remembers how many rows it was given at a time."""

    is_concurrent = True

    def __init__(
        self, features: int, predict: Callable[[matrix.Matrix], matrix.Matrix] | None = None
    ) -> None:
        self.features = features
        self.summary = booster.Summary("reg:squarederror", "gbtree", features)
        self.batches: list[int] = []
        self.answer: Callable[[matrix.Matrix], matrix.Matrix] = predict or (lambda rows: rows[:, 0].copy())

    def predict(self, rows: matrix.Matrix) -> matrix.Matrix:
        self.batches.append(len(rows))
        return self.answer(rows)


async def test_few_bytes_that_stand_for_many_wide_rows_are_widened_piece_by_piece() -> None:
    model = Predictor(100_000)
    body = b"0:1\n" + b"\n" * 2000 + b"99999:1"
    async with in_process.a_server(model) as client:
        tracemalloc.start()
        answer = await client.post("/invocations", body, Content_Type="text/libsvm")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (answer.status, answer.body.count(b"\n")) == (200, 2002)
    assert max(model.batches) <= 10
    assert most < 32 * 1024 * 1024  # all rows at once would be 800 MB


@pytest.mark.parametrize("accept", ["text/csv", "application/json", "application/jsonlines"])
@pytest.mark.parametrize("output", ["", "predicted_score"], ids=["plain", "selected"])
async def test_a_large_answer_is_the_small_ones_together(accept: str, output: str) -> None:
    rows = 2 * pieces.ROWS + 1
    async with in_process.a_server(Predictor(1), SAGEMAKER_INFERENCE_OUTPUT=output) as client:
        body = b"\n".join(b"%d" % number for number in range(rows))
        answer = await client.post("/invocations", body, Content_Type="text/csv", Accept=accept)
        small = await client.post("/invocations", b"7", Content_Type="text/csv", Accept=accept)
    if accept == "application/json":
        key = output or "score"
        assert [item[key] for item in json.loads(answer.body)["predictions"]] == list(range(rows))
    else:
        lines = answer.body.splitlines()
        assert (len(lines), lines[7]) == (rows, small.body.strip())


async def test_ping_answers_while_a_large_answer_is_written() -> None:
    def select(rows: matrix.Matrix) -> matrix.Matrix:
        return np.zeros((len(rows), 3), dtype=np.float32)

    async with in_process.a_server(
        Predictor(1, select), SAGEMAKER_INFERENCE_OUTPUT="predicted_score"
    ) as client:
        slow = await _longest_silence(client)
    assert slow < 1.0  # seconds; SageMaker gives up after two


async def _longest_silence(client: in_process.Client) -> float:
    large = asyncio.ensure_future(
        client.post(
            "/invocations", b"1\n" * 150_000, Content_Type="csv", Accept="application/x-recordio-protobuf"
        )
    )
    other = in_process.Client(client.port)
    longest = 0.0
    while not large.done():
        begin = time.perf_counter()
        assert (await other.send("GET", "/ping")).status == 200
        longest = max(longest, time.perf_counter() - begin)
    await other.close()
    assert (await large).status == 200
    return longest


async def test_one_bad_row_far_inside_refuses_the_whole_request() -> None:
    async with in_process.a_server(Predictor(2)) as client:
        for body in (b"1,2\n" * 50_000 + b"1,x", b"1,2\n" * 200 + b"1,x"):
            answer = await client.post("/invocations", body, Content_Type="text/csv")
            assert (answer.status, b"'x' is not a number" in answer.body) == (415, True)


@pytest.mark.parametrize("count", [1, 1000])
async def test_what_cannot_be_written_is_a_500_for_its_request_alone(
    count: int, caplog: pytest.LogCaptureFixture
) -> None:
    model = Predictor(2)
    async with in_process.a_server(model) as client:
        model.answer = lambda rows: np.array([object()] * len(rows))
        answer = await client.post("/invocations", b"1,2\n" * count, Content_Type="csv")
        assert (answer.status, answer.body) == (500, b"internal error; the server's log has the details")
        model.answer = lambda rows: rows[:, 0]
        assert (await client.post("/invocations", b"1,2\n" * count, Content_Type="csv")).status == 200
    assert "a prediction failed" in caplog.text
