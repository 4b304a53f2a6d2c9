"""Unmodified boto3, through the router, to the real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from botocore import exceptions

from tests.builders import routers
from tests.xgboost_server import models, running, table

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = models.a_booster(columns=table.ROWS.shape[1])
RIGHT = models.expected(MODEL, table.ROWS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[routers.RunningRouter]:
    folder = tmp_path_factory.mktemp("endpoint")
    model_dir = models.a_model_dir(folder / "model", MODEL)
    async with running.a_server(model_dir, folder / "log") as server, routers.a_router() as router:
        router.use(Variant1=(1, [f"127.0.0.1:{server.port}"]))
        yield router


async def invoke(endpoint: routers.RunningRouter, **parameters: Any) -> tuple[str, bytes]:
    """Content type and body; boto3 blocks, so it runs in a thread."""
    client = endpoint.boto3_client()

    def call() -> tuple[str, bytes]:
        try:
            answer = client.invoke_endpoint(EndpointName="churn", **parameters)
            return answer["ContentType"], answer["Body"].read()
        finally:
            client.close()

    return await asyncio.to_thread(call)


@pytest.mark.parametrize("form", table.REQUESTS)
async def test_a_request_in_each_format_gets_booster_predict(
    endpoint: routers.RunningRouter, form: str
) -> None:
    content_type, write = table.REQUESTS[form]
    named = {} if content_type is None else {"ContentType": content_type}
    for accept, read in table.ANSWERS.items():
        kind, body = await invoke(endpoint, Body=write(table.ROWS), Accept=accept, **named)
        assert kind.partition(";")[0] == accept
        assert np.stack(read(body)).astype(np.float32).tobytes() == RIGHT.tobytes()


async def test_without_accept_json_is_answered_with_json_and_the_rest_with_csv(
    endpoint: routers.RunningRouter,
) -> None:
    body = json.dumps({"instances": [[1.0, None]]}).encode()
    assert (await invoke(endpoint, Body=body, ContentType="application/json"))[0] == "application/json"
    for body, content_type in ((b"1,2", "text/csv"), (b"1:1 2:2", "text/libsvm")):
        assert (await invoke(endpoint, Body=body, ContentType=content_type))[0].startswith("text/csv")


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"1,x", {"ContentType": "text/csv"}, 415, "row 1, column 2: 'x' is not a number"),
        (b"1,2", {"ContentType": "text/plain"}, 415, "text/plain is not an accepted ContentType: "),
        (b"1,2", {}, 415, "there is no index:value"),
        (b"9:1 1:1", {}, 400, "Unable to evaluate payload provided: Feature size of inference data 9"),
        (b"1,2", {"ContentType": "csv", "Accept": "x/y"}, 406, "Accept type x/y is not supported."),
    ],
)
async def test_a_refusal_is_a_model_error_with_the_servers_words(
    endpoint: routers.RunningRouter, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    with pytest.raises(exceptions.ClientError) as caught:
        await invoke(endpoint, Body=body, **headers)
    assert caught.value.response["OriginalStatusCode"] == status
    assert said in caught.value.response["OriginalMessage"]
