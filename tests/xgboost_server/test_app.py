"""The real server as a process: its contract over HTTP, its batches under load, its beginning and its end."""

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import xgboost

from tests.builders import waiting
from tests.xgboost_server import models, running
from xgboost_server import matrix
from xgboost_server.codecs import text_csv

COLUMNS = 8
MODEL = models.a_booster(columns=COLUMNS, rounds=20)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[running.Server]:
    """One server for the tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("server")
    async with running.a_server(models.a_model_dir(folder / "model", MODEL), folder / "log") as started:
        yield started


def as_csv(rows: matrix.Matrix) -> bytes:
    lines = (",".join("" if np.isnan(value) else repr(value) for value in row) for row in rows.tolist())
    return "\n".join(lines).encode()


def answer_to(rows: matrix.Matrix, booster: xgboost.Booster = MODEL) -> bytes:
    return text_csv.encode(models.expected(booster, rows))


async def test_the_container_contract_is_kept(server: running.Server) -> None:
    rows = models.some_rows(3, COLUMNS)
    csv, right = as_csv(rows), models.expected(MODEL, rows).tolist()
    scores = {"predictions": [{"score": score} for score in right]}
    assert await server.get("/ping") == (200, b"")
    assert await server.invoke(csv) == (200, "text/csv; charset=utf-8", answer_to(rows))
    assert await server.invoke(csv, "csv; label_size=1", Accept="*/*") == (
        200, "text/csv; charset=utf-8", answer_to(rows)
    )  # fmt: skip
    status, content_type, body = await server.invoke(csv, Accept="application/json")
    assert (status, content_type, json.loads(body)) == (200, "application/json", scores)
    document = {"instances": [[None if np.isnan(v) else v for v in row] for row in rows.tolist()]}
    status, content_type, body = await server.invoke(json.dumps(document).encode(), "application/json")
    assert (status, content_type, json.loads(body)) == (200, "application/json", scores)
    assert (await server.invoke(json.dumps(document).encode(), "application/json", Accept="text/csv"))[2] == (
        answer_to(rows)
    )
    assert (await server.invoke(as_csv(rows[:, :3])))[2] == answer_to(rows[:, :3])
    parameters = json.loads((await server.get("/execution-parameters"))[1])
    assert parameters["BatchStrategy"] == "MULTI_RECORD"
    assert (parameters["MaxPayloadInMB"], parameters["MaxConcurrentTransforms"] >= 1) == (6, True)
    assert (await server.get("/v2/health/ready"))[0] == (await server.get("/v2/health/live"))[0] == 200
    assert re.search(rb"xgboost_server_predictions_total [1-9]", (await server.get("/metrics"))[1])


async def test_the_checks_come_in_sagemakers_order(server: running.Server) -> None:
    nine = b",".join([b"1"] * (COLUMNS + 1))
    assert (await server.invoke(b"1" * 6291457, "x/y"))[0] == 413
    assert await server.invoke(b"", "x/y", Accept="x/y") == (204, "", b"")
    status, _, body = await server.invoke(b"1", None)
    assert (status, b"there is no index:value" in body) == (415, True)
    status, _, body = await server.invoke(nine, "text/plain", Accept="x/y")
    assert (status, b"text/plain is not an accepted ContentType" in body) == (415, True)
    status, content_type, body = await server.invoke(b"1,2\n3,x", Accept="x/y")
    assert (status, content_type) == (415, "text/plain; charset=utf-8")
    assert body == b"Loading csv data failed with Exception, please ensure data is in csv format:\n " + (
        b"row 2, column 2: 'x' is not a number"
    )
    status, _, body = await server.invoke(nine, Accept="x/y")
    assert status == 400
    assert body == (
        b"Unable to evaluate payload provided: Feature size of inference data 9 "
        b"is not consistent with feature size of trained model 8."
    )
    status, _, body = await server.invoke(b"1", Accept="x/y")
    assert (status, body.startswith(b"Accept type x/y is not supported.")) == (406, True)
    assert (await server.invoke(b"1,inf"))[0] == 415
    assert (await server.get("/invocations"))[0] == 405
    assert (await server.get("/models"))[0] == 404


async def test_answers_of_shared_predictions_are_each_requests_own(server: running.Server) -> None:
    """Hundreds at a time, of one row or several, narrow, wrong, large: each as if it were alone."""
    random = np.random.default_rng(5)
    cases: list[tuple[bytes, int, bytes | None]] = []
    for seed in range(400):
        rows = models.some_rows(
            int(random.choice([1, 1, 1, 2, 30])), int(random.integers(2, COLUMNS + 1)), seed=seed
        )
        cases.append((as_csv(rows), 200, answer_to(rows)))
    cases += [(b"1,x", 415, None), (b"9," * COLUMNS + b"9", 400, None), (b"1e39", 415, None)] * 20
    large = models.some_rows(3000, COLUMNS, seed=1)
    cases += [(as_csv(large), 200, answer_to(large))] * 4
    order = random.permutation(len(cases))
    answers = await asyncio.gather(*(server.invoke(cases[index][0]) for index in order))
    for index, (status, _, body) in zip(order, answers, strict=True):
        _, right_status, right = cases[index]
        assert status == right_status
        assert right is None or body == right


async def test_ping_answers_at_once_while_large_bodies_are_served(server: running.Server) -> None:
    body = as_csv(models.some_rows(1, COLUMNS, missing=0)) + b"\n"
    large = body * (6_000_000 // len(body))
    rows = large.count(b"\n")
    predicting = [asyncio.ensure_future(server.invoke(large)) for _ in range(3)]
    slowest = 0.0
    while not all(task.done() for task in predicting):
        start = time.perf_counter()
        assert await server.get("/ping") == (200, b"")
        slowest = max(slowest, time.perf_counter() - start)
    for task in predicting:
        status, _, answer = task.result()
        assert (status, answer.count(b"\n")) == (200, rows)
    assert slowest < 2.0  # seconds; SageMaker gives up after them


async def test_a_client_that_leaves_harms_nobody(server: running.Server) -> None:
    large = as_csv(models.some_rows(20_000, COLUMNS))
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n"
    for body in (b"1,2,3", large):
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(head % len(body) + body)
            await writer.drain()
            writer.transport.abort()
    assert (await server.invoke(b"1"))[2] == answer_to(np.array([[1]], dtype=np.float32))
    assert "Traceback" not in server.log


async def test_sigterm_finishes_what_is_in_flight_and_exits_0(tmp_path: Path) -> None:
    async with running.a_server(models.a_model_dir(tmp_path / "model", MODEL), tmp_path / "log") as server:
        await _stop_in_the_middle(server)


async def _stop_in_the_middle(server: running.Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    lines = ("POST /invocations HTTP/1.1", "Host: x", "Content-Type: text/csv", "Content-Length: 5")
    writer.write("\r\n".join((*lines, "Expect: 100-continue", "", "")).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    server.process.send_signal(signal.SIGTERM)
    await waiting.until(lambda: "stopping: 1 requests in flight" in server.log)
    writer.write(b"1,2,3")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(answer_to(np.array([[1, 2, 3]], dtype=np.float32)))
    assert await asyncio.wait_for(server.process.wait(), 20) == 0
    assert "Traceback" not in server.log


async def test_the_environment_sets_the_usual_answer_and_one_model_of_several(tmp_path: Path) -> None:
    folder = models.a_model_dir(tmp_path / "model", MODEL, models.a_booster(seed=4))
    environment = {
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json",
        "SAGEMAKER_INFERENCE_ENSEMBLE": "false",
        "SAGEMAKER_INFERENCE_OUTPUT": "probability",
        "MAX_CONTENT_LENGTH": "10",
    }
    async with running.a_server(folder, tmp_path / "log", **environment) as server:
        score = models.expected(MODEL, np.array([[1]], dtype=np.float32)).tolist()[0]
        assert json.loads((await server.invoke(b"1"))[2]) == {"predictions": [{"probability": score}]}
        assert (await server.invoke(b"1,2,3,4,5,6"))[0] == 413


@pytest.mark.parametrize("kind", ["gblinear", "dart"])
async def test_models_that_take_turns_are_served_too(tmp_path: Path, kind: str) -> None:
    trained = models.a_booster("reg:squarederror", kind=kind)
    rows = models.some_rows(300, 5)
    folder = models.a_model_dir(tmp_path / "model", trained, form="ubj")
    async with running.a_server(folder, tmp_path / "log") as server:
        singles = await asyncio.gather(
            *(server.invoke(as_csv(rows[index : index + 1])) for index in range(50))
        )
        assert b"".join(body for _, _, body in singles) == answer_to(rows[:50], trained)
        assert (await server.invoke(as_csv(rows)))[2] == answer_to(rows, trained)
