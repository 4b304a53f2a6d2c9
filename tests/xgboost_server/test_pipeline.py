"""The way from rows to predictions: what is small, what is large, and what neither may cost."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent import futures

import numpy as np
import pytest
import uvloop

from http_protocol import server
from tests.builders import connections
from tests.xgboost_server import in_process
from xgboost_server import booster, dataplane, matrix, metrics, pipeline, sharing
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


@pytest.mark.parametrize(
    ("clients", "body"),
    [pytest.param(8, b"1\n" * 128, id="of many rows"), pytest.param(100, b"1\n", id="of one row")],
)
async def test_small_requests_for_a_wide_model_are_widened_piece_by_piece(clients: int, body: bytes) -> None:
    model = Predictor(100_000)
    async with in_process.a_server(model) as first:
        asking = [in_process.Client(first.port) for _ in range(clients)]
        for client in asking:
            assert (await client.post("/invocations", b"1", Content_Type="csv")).status == 200
        tracemalloc.start()
        answers = await asyncio.gather(
            *(client.post("/invocations", body, Content_Type="csv") for client in asking)
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for client in asking:
            await client.close()
    assert {(answer.status, answer.body) for answer in answers} == {(200, body.replace(b"\n", b".0\n"))}
    assert max(model.batches) <= 10
    assert most < 24 * 1024 * 1024  # all rows at once would be 40 or 400 MB


async def test_rows_that_are_too_wide_do_not_spoil_the_batch_of_others() -> None:
    model = Predictor(2)
    async with in_process.a_server(model) as client:
        other = in_process.Client(client.port)
        model.batches.clear()
        bad, good = await asyncio.gather(
            client.post("/invocations", b"1,2,3", Content_Type="csv"),
            other.post("/invocations", b"1,2", Content_Type="csv"),
        )
        await other.close()
    assert (bad.status, good.status) == (400, 200)
    assert b"Feature size of inference data 3 is not consistent" in bad.body
    assert model.batches == [1]


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


class Protocol:
    """Says in which thread answers were written."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def render(self, exchange: server.Exchange, predictions: matrix.Matrix) -> pipeline.Reply:
        del exchange
        self.threads.append(threading.current_thread().name)
        return 200, b"", b"%d" % len(predictions)

    def refuse(self, exchange: server.Exchange, error: Exception) -> pipeline.Reply:
        raise AssertionError(exchange.request.target) from error


def a_pipeline(
    model: Predictor, threads: futures.Executor, counts: metrics.Metrics | None = None
) -> pipeline.Pipeline:
    counts = counts or metrics.Metrics(model.summary)
    plane = dataplane.Dataplane(model, dataplane.Cost(1e-5, 1e-6), 1)
    return pipeline.Pipeline(plane, counts, batch_thread=threads, large_threads=threads)


@pytest.mark.parametrize(
    ("rows", "inline_bytes", "thread"),
    [
        pytest.param(1, 100, "MainThread", id="small"),
        pytest.param(1, 1, "large_0", id="many bytes"),
        pytest.param(pipeline.SHARED_ROWS + 1, 100, "large_0", id="many rows"),
    ],
)
async def test_large_answers_are_written_where_they_hold_up_nobody(
    rows: int, inline_bytes: int, thread: str
) -> None:
    protocol = Protocol()
    with futures.ThreadPoolExecutor(1, "large") as threads:
        ways = a_pipeline(Predictor(1), threads)

        def handle(exchange: server.Exchange) -> None:
            def blocks() -> Iterator[matrix.Rows]:
                return iter([np.zeros((rows, 1), dtype=np.float32)])

            ways.begin(exchange, protocol, blocks, inline_bytes=inline_bytes)

        listening = await server.listen(handle, "127.0.0.1", 0, refuse=sharing.refuse)
        client = in_process.Client(listening.port)
        answer = await client.post("/", b"body")
        await client.close()
        await listening.close()
    assert (answer.status, answer.body) == (200, b"%d" % rows)
    assert protocol.threads == [thread]


def test_no_request_takes_negative_time_on_uvloop_whose_clock_counts_milliseconds() -> None:
    model = Predictor(1)
    counts = metrics.Metrics(model.summary)

    async def answer_at_once() -> None:
        client = connections.ServedClient(holds_back=True)
        with futures.ThreadPoolExecutor(1) as threads:
            ways = a_pipeline(model, threads, counts)
            for _ in range(100):
                client.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                ways.send(client.held.pop(), (200, b"", b""))

    uvloop.run(answer_at_once())
    seconds = json.loads(counts.document())["request_seconds"][-1]
    assert 0 < seconds < 1


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
