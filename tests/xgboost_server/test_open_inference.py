"""The paths and statuses of the Open Inference Protocol."""

import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.xgboost_server import in_process, models
from xgboost_server import booster

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRAINED = models.a_booster("multi:softprob", columns=3)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[in_process.Client]:
    async with in_process.a_server(booster.load("model", models.content(TRAINED))) as started:
        yield started


def a_request(rows: list[Any], **members: Any) -> bytes:
    tensor = {"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP32", "data": rows}
    return json.dumps({"inputs": [tensor], **members}).encode()


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/churn/ready", {"name": "churn", "ready": True}),
        ("/v2/models/my%20model/ready", {"name": "my model", "ready": True}),
        (
            "/v2/models/churn",
            {
                "name": "churn",
                "platform": "xgboost",
                "inputs": [{"name": "input-0", "datatype": "FP32", "shape": [-1, 3]}],
                "outputs": [{"name": "output-0", "datatype": "FP32", "shape": [-1, 3]}],
            },
        ),
    ],
)
async def test_health_and_metadata_are_told_as_the_protocol_has_them(
    client: in_process.Client, path: str, document: dict[str, Any]
) -> None:
    answer = await client.send("GET", path)
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == document
    assert (await client.send("HEAD", path)).status == 200


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_the_server_names_itself_and_its_extensions(client: in_process.Client, path: str) -> None:
    document = json.loads((await client.send("GET", path)).body)
    assert (document["name"], document["extensions"]) == ("xgboost-server", ["binary_tensor_data"])
    assert document["version"].startswith("xgboost-")


async def test_an_inference_is_booster_predict_whatever_the_model_is_called(
    client: in_process.Client,
) -> None:
    rows: list[list[float | None]] = [[1.0, None, 3.0], [4.0, 5.0, 6.0]]
    right = models.expected(TRAINED, np.array(rows, dtype=np.float32))
    for name in ("churn", "Variant1"):
        answer = await client.post(f"/v2/models/{name}/infer", a_request(rows, id="42"))
        assert (answer.status, answer.content_type) == (200, "application/json")
        output = {"name": "output-0", "datatype": "FP32", "shape": [2, 3], "data": right.ravel().tolist()}
        assert json.loads(answer.body) == {"model_name": name, "id": "42", "outputs": [output]}


async def test_large_requests_are_answered_alike(client: in_process.Client) -> None:
    rows = models.some_rows(4000, 3, missing=0)
    answer = await client.post("/v2/models/churn/infer", a_request(rows.tolist()))
    found = np.array(json.loads(answer.body)["outputs"][0]["data"], dtype=np.float32)
    assert found.tobytes() == models.expected(TRAINED, rows).tobytes()
    refused = await client.post("/v2/models/churn/infer", a_request([*rows.tolist(), [1, 2, "x"]]))
    assert refused.status == 400
    assert json.loads(refused.body) == {"error": 'row 4001, column 3: "x" is no FP32'}


async def test_binary_answers_say_how_long_their_json_is(client: in_process.Client) -> None:
    rows = [[1.0, 2.0, 3.0]]
    request = a_request(rows, parameters={"binary_data_output": True})
    answer = await client.post("/v2/models/churn/infer", request)
    assert answer.content_type == "application/octet-stream"
    length = int(answer.headers["inference-header-content-length"])
    assert json.loads(answer.body[:length])["outputs"][0]["parameters"] == {"binary_data_size": 12}
    assert answer.body[length:] == models.expected(TRAINED, np.array(rows, dtype=np.float32)).tobytes()


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v2/models", 404, "there is nothing at /v2/models"),
        ("GET", "/v2/models//ready", 404, "there is nothing"),
        ("GET", "/v2/health/x", 404, "there is nothing"),
        ("GET", "/v2/models/churn/versions/1", 404, "there is nothing"),
        ("POST", "/v2/models/churn/versions/1/infer", 404, "there is nothing"),
        ("GET", "/v2/models/churn/infer", 405, "only POST is possible here"),
        ("POST", "/v2/health/live", 405, "only GET is possible here"),
        ("DELETE", "/v2/models/churn", 405, "only GET is possible here"),
    ],
)
async def test_other_paths_and_methods_are_refused_as_json(
    client: in_process.Client, method: str, path: str, status: int, said: str
) -> None:
    answer = await client.send(method, path)
    assert (answer.status, answer.content_type) == (status, "application/json")
    assert said in json.loads(answer.body)["error"]
    if status == 405:
        assert answer.headers["allow"] == said.split()[1]


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        pytest.param(b"", {}, "the request is not JSON", id="empty"),
        pytest.param(a_request([[1, "x", 3]]), {}, 'row 1, column 2: "x" is no FP32', id="text"),
        pytest.param(a_request([[1, 2, 3, 4]]), {}, "Feature size of inference data 4 is not", id="too wide"),
        pytest.param(
            a_request([[1, 2, 3]]), {"Content_Encoding": "gzip"}, "Content-Encoding gzip is not", id="gzip"
        ),
        pytest.param(
            a_request([[1, 2, 3]]),
            {"Inference_Header_Content_Length": "9999"},
            "number of bytes",
            id="length",
        ),
    ],
)
async def test_a_bad_request_is_a_400_with_the_reason_as_json(
    client: in_process.Client, body: bytes, headers: dict[str, str], said: str
) -> None:
    answer = await client.post("/v2/models/churn/infer", body, **headers)
    assert (answer.status, answer.content_type) == (400, "application/json")
    assert said in json.loads(answer.body)["error"]


async def test_a_bug_is_a_500_that_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        features = 3
        is_concurrent = True
        summary = booster.Summary("reg:squarederror", "gbtree", 3)
        calls = 0

        def predict(self, rows: Any) -> Any:
            self.calls += 1
            if self.calls > 1:
                raise RuntimeError("secret")
            return rows[:, 0]

    async with in_process.a_server(Broken()) as broken:
        answer = await broken.post("/v2/models/churn/infer", a_request([[1, 2, 3]]))
    assert answer.status == 500
    assert json.loads(answer.body) == {"error": "internal error; the server's log has the details"}
    assert "secret" in caplog.text


async def test_a_body_that_is_too_large_is_refused_in_the_protocols_form() -> None:
    model = booster.load("model", models.content(TRAINED))
    async with in_process.a_server(model, MAX_CONTENT_LENGTH="10") as client:
        answer = await client.post("/v2/models/churn/infer", a_request([[1, 2, 3]]))
        assert (answer.status, answer.content_type) == (413, "application/json")
        assert json.loads(answer.body) == {"error": "the body is over 10 bytes"}
        answer = await client.post("/invocations", b"1,2,3,4,5,6", Content_Type="csv")
        assert (answer.status, answer.body) == (413, b"the body is over 10 bytes")
