"""Every error as an unmodified boto3 client sees it."""

import asyncio
from typing import Any

import pytest
from botocore import exceptions

from tests.builders import routers, scripted_servers


async def invoke(router: routers.RunningRouter, **parameters: Any) -> Any:
    """The answer, or the exception; boto3 blocks, so it runs in a thread."""
    client = router.boto3_client()

    def call() -> Any:
        try:
            answer = client.invoke_endpoint(**{"EndpointName": "churn", "Body": b"1,2", **parameters})
            return {**answer, "Body": answer["Body"].read()}
        except exceptions.ClientError as exc:
            return exc
        finally:
            client.close()

    return await asyncio.to_thread(call)


async def test_an_answer_has_all_members() -> None:
    lines = ("Content-Type: text/csv", "X-Amzn-SageMaker-Custom-Attributes: a=b")
    async with routers.a_router() as router, routers.a_model("one", *lines) as one:
        router.use(Variant1=(1, [one.address]))
        answer = await invoke(
            router, ContentType="text/csv", Accept="text/csv", CustomAttributes="c=d", InferenceId="i1"
        )
        assert answer["Body"] == b"one:1,2"
        assert answer["ContentType"] == "text/csv"
        assert answer["InvokedProductionVariant"] == "Variant1"
        assert answer["CustomAttributes"] == "a=b"
        assert answer["ResponseMetadata"]["RequestId"]
        head = one.requests[0][0].lower()
        assert b"x-amzn-sagemaker-custom-attributes: c=d" in head
        assert b"authorization" not in head
        assert b"x-amz-" not in head


@pytest.mark.parametrize(
    ("parameters", "type_", "status", "words"),
    [
        (
            {"TargetVariant": "Variant9"},
            "ValidationError",
            400,
            "Variants: Gone, One, Refuses, Broken, Fails.",
        ),
        ({"EndpointName": "other"}, "ValidationError", 400, "Endpoint other not found"),
        ({"TargetModel": "m.tar.gz"}, "ValidationError", 400, "multi-model"),
        ({"Body": b"x" * (6 * 1024 * 1024 + 1)}, "ValidationError", 413, "over 6291456 bytes"),
        ({"CustomAttributes": "x" * 40_000}, "ValidationError", 431, "over 32768 bytes"),
        ({"TargetVariant": "Gone"}, "ServiceUnavailable", 503, "Variant Gone has no ready pod"),
        ({"TargetVariant": "Refuses"}, "ServiceUnavailable", 503, "can be connected to"),
        ({"TargetVariant": "Broken"}, "ModelError", 424, "Received server error (0)"),
        ({"TargetVariant": "Fails"}, "ModelError", 424, "Received client error (415)"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_each_error_is_the_typed_exception(
    parameters: dict[str, Any], type_: str, status: int, words: str
) -> None:
    async with (
        routers.a_router() as router,
        routers.a_model("one") as one,
        routers.a_model_that_says(b"garbage\r\n\r\n") as broken,
        routers.a_model("fails", status="415 x") as fails,
    ):
        router.use(
            Gone=(0, []),
            One=(1, [one.address]),
            Refuses=(0, [scripted_servers.a_closed_address()]),
            Broken=(0, [broken.address]),
            Fails=(0, [fails.address]),
        )
        error = await invoke(router, **parameters)
    assert type(error).__name__ == type_
    assert error.response["Error"]["Code"] == type_
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert words in error.response["Error"]["Message"]
    if parameters.get("TargetVariant") == "Fails":
        assert error.response["OriginalStatusCode"] == 415
        assert error.response["OriginalMessage"] == "fails:1,2"


async def test_a_time_out_is_a_model_error() -> None:
    async with routers.a_router(model_seconds=0.1) as router, routers.a_silent_model() as one:
        router.use(One=(1, [one.address]))
        error = await invoke(router)
    assert type(error).__name__ == "ModelError"
    assert "timed out" in error.response["Error"]["Message"]


async def test_streaming_is_refused_with_a_reason() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(One=(1, [one.address]))
        client = router.boto3_client()
        with pytest.raises(exceptions.ClientError, match="streaming is not supported"):
            await asyncio.to_thread(
                lambda: client.invoke_endpoint_with_response_stream(EndpointName="churn", Body=b"")
            )
        client.close()
