"""What becomes of a prediction request when things go wrong inside."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent import futures

import aiohttp
import pytest

from http_protocol import server
from xgboost_server import booster, dataplane, invocations, matrix, metrics, pipeline, sharing
from xgboost_server.codecs import registry

Post = Callable[[bytes], Awaitable[tuple[int, str]]]
SUMMARY = booster.Summary("reg:squarederror", "gbtree", 2)


class Predictor:
    """As wide as two columns; does what it is told."""

    features = 2
    is_concurrent = True
    summary = SUMMARY

    def __init__(self, predict: Callable[[matrix.Matrix], matrix.Matrix]) -> None:
        self.predict = predict


@contextlib.asynccontextmanager
async def served(predict: Callable[[matrix.Matrix], matrix.Matrix]) -> AsyncIterator[Post]:
    """The handler behind a real HTTP server: a function that posts CSV and gives status and text."""
    counts = metrics.Metrics(SUMMARY)
    plane = dataplane.Dataplane(Predictor(predict), dataplane.Cost(1e-5, 1e-5), 1)
    with futures.ThreadPoolExecutor(1) as threads:
        predictions = pipeline.Pipeline(plane, counts, batch_thread=threads, large_threads=threads)
        handler = invocations.Invocations(predictions, registry.Writers())
        listening = await server.listen(handler.handle, "127.0.0.1", 0, refuse=sharing.refuse)
        async with aiohttp.ClientSession() as client:

            async def post(body: bytes) -> tuple[int, str]:
                url = f"http://127.0.0.1:{listening.port}/invocations"
                async with client.post(url, data=body, headers={"Content-Type": "text/csv"}) as answer:
                    return answer.status, await answer.text()

            yield post
        await listening.close()


def first_column(rows: matrix.Matrix) -> matrix.Matrix:
    return rows[:, 0]


LARGE = b"1,2\n" * 10_000


async def test_small_and_large_requests_get_the_same_answers() -> None:
    async with served(first_column) as post:
        assert await post(b"1,2\n3,4") == (200, "1.0\n3.0\n")
        assert await post(b"5,6\n" * 200) == (200, "5.0\n" * 200)
        assert await post(LARGE) == (200, "1.0\n" * 10_000)
        assert await post(LARGE + b"1,x") == (
            415,
            "Loading csv data failed with Exception, please ensure data is in csv format:\n "
            "row 10001, column 2: 'x' is not a number",
        )


async def test_large_requests_are_refused_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MAX_WAITING_BYTES", len(LARGE) - 1)
    async with served(first_column) as post:
        assert await post(LARGE) == (503, "too many large requests are waiting; try again later")
        assert await post(b"1,2") == (200, "1.0\n")


@pytest.mark.parametrize("body", [pytest.param(b"1,2", id="small"), pytest.param(LARGE, id="large")])
async def test_what_xgboost_refuses_is_a_400_with_its_first_line(body: bytes) -> None:
    def refuse(rows: matrix.Matrix) -> matrix.Matrix:
        raise ValueError(f"{rows.shape[1]} columns are odd\nStack trace")

    async with served(refuse) as post:
        assert await post(body) == (400, "Unable to evaluate payload provided: 2 columns are odd")


@pytest.mark.parametrize("body", [pytest.param(b"1,2", id="small"), pytest.param(LARGE, id="large")])
async def test_a_bug_is_a_500_that_is_logged_and_not_told(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(rows: matrix.Matrix) -> matrix.Matrix:
        raise RuntimeError(f"secret {len(rows)}")

    async with served(fail) as post:
        with caplog.at_level(logging.ERROR):
            assert await post(body) == (500, "internal error; the server's log has the details")
    assert "secret" in caplog.text
