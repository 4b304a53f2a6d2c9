"""Every error as an unmodified boto3 client sees it."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore import exceptions, session

from http_protocol import exchanges, limits
from tests.builders import routers, scripted_servers


async def invoke(
    router: routers.RunningRouter, hook: "Callable[[Any], None] | None" = None, **parameters: Any
) -> Any:
    """The answer, or the exception; boto3 blocks, so it runs in a thread. ``hook`` gets the signed request."""
    client = router.boto3_client()
    if hook is not None:
        client.meta.events.register("before-send", lambda request, **_: hook(request))

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


PASSED_ON = {
    # the parameter of invoke_endpoint → the header that the model gets, and a value
    "ContentType": ("Content-Type", "text/csv; charset=utf-8"),
    "Accept": ("Accept", "application/json;verbose=true"),
    "CustomAttributes": ("X-Amzn-SageMaker-Custom-Attributes", "trace=Ab1, c=d; e"),
    "TargetVariant": ("X-Amzn-SageMaker-Target-Variant", "Variant1"),
    "TargetContainerHostname": ("X-Amzn-SageMaker-Target-Container-Hostname", "Second-Container"),
    "InferenceId": ("X-Amzn-SageMaker-Inference-Id", "Id 7~"),
    "EnableExplanations": ("X-Amzn-SageMaker-Enable-Explanations", "`instance[0] > `5``"),
    "InferenceComponentName": ("X-Amzn-SageMaker-Inference-Component", "Component-1"),
    "SessionId": ("X-Amzn-SageMaker-Session-Id", "NEW_SESSION"),
    "PrefixAwareId": ("X-Amzn-SageMaker-Prefix-Aware-Id", "Prefix 1~"),
}
REFUSED = {"TargetModel"}  # see ROWS


@pytest.mark.parametrize("parameter", PASSED_ON)
async def test_each_parameter_reaches_the_model_once_and_unchanged(parameter: str) -> None:
    header, value = PASSED_ON[parameter]
    named: Mapping[str, Any] = {parameter: value}
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        answer = await invoke(router, **named)
        assert answer["Body"] == b"one:1,2"
        lines = [line.partition(": ") for line in one.requests[0][0].decode().split("\r\n")]
        assert [found for name, _, found in lines if name.lower() == header.lower()] == [value]


def test_boto3_sends_no_parameter_that_nobody_thought_of() -> None:
    shape = session.get_session().get_service_model("sagemaker-runtime").operation_model("InvokeEndpoint")
    sent = {
        name
        for name, member in shape.input_shape.members.items()
        if member.serialization.get("location") == "header"
    }
    assert sent == PASSED_ON.keys() | REFUSED


Hook = Callable[[Any], None]


@dataclass(frozen=True)
class Row:
    """A way to provoke an error, and the exception that it must be. ``hook`` changes botocore's request."""

    name: str
    type_: str
    status: int
    words: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    hook: Hook | None = None


def asking(variant: str) -> Mapping[str, Any]:
    return {"TargetVariant": variant}


def validation(name: str, status: int, words: str, hook: Hook | None = None, /, **parameters: Any) -> Row:
    return Row(name, "ValidationError", status, words, parameters, hook)


def model_error(variant: str, words: str) -> Row:
    return Row(f"a model that {variant}", "ModelError", 424, words, asking(variant))


def unavailable(variant: str, words: str) -> Row:
    return Row(f"a variant that {variant}", "ServiceUnavailable", 503, words, asking(variant))


def with_method(method: str) -> Hook:
    def change(request: Any) -> None:
        request.method = method

    return change


def with_path(path: str) -> Hook:
    def change(request: Any) -> None:
        request.url = request.url.replace("/endpoints/churn/invocations", path)

    return change


def with_header(name: str, value: str) -> Hook:
    def change(request: Any) -> None:
        request.headers[name] = value

    return change


def slowly(request: Any) -> None:
    """The second piece of the body comes when the server has lost its patience."""

    def pieces() -> Iterator[bytes]:
        yield request_body[:1]
        time.sleep(PATIENCE.body_seconds * 3)
        yield request_body[1:]

    request_body = request.body
    request.body = pieces()


def with_many_headers(request: Any) -> None:
    request.headers.update({f"X-{number}": "y" for number in range(100)})


PATIENCE = limits.Limits(body_seconds=0.2)
MODELS: Mapping[str, bytes | None] = {
    # what each of them answers; None: nothing, ever
    "answers": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n0.5",
    "moved": b"HTTP/1.1 302 x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    "refuses": b"HTTP/1.1 415 x\r\nContent-Length: 7\r\n\r\nfail\xff42",
    "fails": b"HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops",
    "is-busy": b"HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "throttles": b"HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n",
    "hangs-up": b"",
    "stops-half-way": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "talks-garbage": b"garbage\r\n\r\n",
    "says-too-much": b"HTTP/1.1 200 OK\r\nContent-Length: 6291457\r\n\r\n",
    "is-ambiguous": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "is-silent": None,
}
SLOW_ROWS = [
    validation("a body that takes too long", 408, "did not arrive in time", slowly),
    model_error("is-silent", "timed out while waiting for a response from container primary"),
]
ROWS = [
    validation("an unknown variant", 400, "Variants: answers, ", TargetVariant="Variant9"),
    validation("a variant that is no name", 400, "TargetVariant must match", TargetVariant="-x"),
    validation("another endpoint", 400, "Endpoint other not found", EndpointName="other"),
    validation("a model of a multi-model endpoint", 400, "multi-model", TargetModel="m.tar.gz"),
    validation("an inference id with a strange character", 400, "InferenceId must be",
               with_header("X-Amzn-SageMaker-Inference-Id", "x\x80")),
    validation("a content type that is too long", 400, "ContentType must be", ContentType="x" * 1025),
    validation("an accept that is too long", 400, "Accept must be", Accept="x" * 1025),
    validation("attributes that are too long", 400, "CustomAttributes must be", CustomAttributes="x" * 1025),
    validation("a head that can be read in two ways", 400, "malformed", with_header("Content-Length ", "0")),
    validation("an unknown path", 404, "nothing at /nope", with_path("/nope")),
    validation("a wrong method", 405, "PUT is not allowed", with_method("PUT")),
    validation("a body that is too large", 413, "over 6291456 bytes", Body=b"x" * (6 * 1024 * 1024 + 1)),
    validation("an expectation that nobody meets", 417, "100-continue", with_header("Expect", "coffee")),
    validation("a head that is too large", 431, "over 32768 bytes", CustomAttributes="x" * 40_000),
    validation("too many headers", 431, "More than 100", with_many_headers),
    unavailable("has-no-pod", "Variant has-no-pod has no ready pod"),
    unavailable("cannot-be-reached", "can be connected to"),
    model_error("moved", "Received client error (302) from primary"),
    model_error("refuses", 'Received client error (415) from primary with message "fail\ufffd42"'),
    model_error("fails", 'Received server error (500) from primary with message "oops"'),
    model_error("is-busy", "Received server error (503) from primary"),
    model_error("throttles", "Received client error (429) from primary"),
    model_error("hangs-up", "Received server error (0) from primary"),
    model_error("stops-half-way", "closed before the answer was complete"),
    model_error("talks-garbage", "the status line is malformed"),
    model_error("says-too-much", "over 6291456 bytes"),
    model_error("is-ambiguous", "be present with Content-Length"),
    *SLOW_ROWS,
]  # fmt: skip


@contextlib.asynccontextmanager
async def a_router_with_every_trouble(*, is_impatient: bool) -> AsyncIterator[routers.RunningRouter]:
    async with contextlib.AsyncExitStack() as stack:
        model_seconds = PATIENCE.body_seconds if is_impatient else 59.0
        router = await stack.enter_async_context(routers.a_router(model_seconds=model_seconds))
        if is_impatient:
            router.server._site.limits = PATIENCE
        table = {"has-no-pod": (0.0, []), "cannot-be-reached": (0.0, [scripted_servers.a_closed_address()])}
        variants: dict[str, tuple[float, list[str]]] = {}
        for name, said in MODELS.items():
            model = routers.a_silent_model() if said is None else routers.a_model_that_says(said)
            address = (await stack.enter_async_context(model)).address
            variants[name] = (float(name == "answers"), [address])
        router.use(**variants, **table)
        yield router


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_error_is_the_typed_exception_of_the_contract(row: Row) -> None:
    async with a_router_with_every_trouble(is_impatient=row in SLOW_ROWS) as router:
        error = await invoke(router, row.hook, **row.parameters)
    check(error, row.type_, row.status, row.words)
    if row.type_ == "ModelError":
        named = re.search(r"\(([0-9]+)\)", row.words)
        assert error.response["OriginalStatusCode"] == (int(named[1]) if named else 0)
        assert isinstance(error.response["OriginalMessage"], str)
        assert error.response["LogStreamArn"] == ""


async def test_no_table_yet_is_unavailable() -> None:
    async with routers.a_router() as router:
        check(await invoke(router), "ServiceUnavailable", 503, "no route table yet")


async def test_no_variant_with_a_pod_is_unavailable() -> None:
    async with routers.a_router() as router:
        router.use(One=(1, []))
        check(
            await invoke(router),
            "ServiceUnavailable",
            503,
            "No variant with a weight above 0 has a ready pod",
        )


async def test_too_many_connections_are_unavailable() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(One=(1, [one.address]))
        router.server._site.limits = limits.Limits(connections=0)
        check(await invoke(router), "ServiceUnavailable", 503, "Too many connections")


async def test_a_bug_of_ours_is_an_internal_failure(caplog: pytest.LogCaptureFixture) -> None:
    def broken(exchange: exchanges.Exchange) -> None:
        raise ZeroDivisionError(exchange.request.target)

    async with routers.a_router() as router:
        router.server._site.handler = broken
        check(await invoke(router), "InternalFailure", 500, "Internal error")
    assert "ZeroDivisionError" in caplog.text


def check(error: Any, type_: str, status: int, words: str) -> None:
    assert type(error).__name__ == type_, error
    assert error.response["Error"]["Code"] == type_
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error.response["ResponseMetadata"]["RequestId"]
    assert words in error.response["Error"]["Message"]


async def test_streaming_is_refused_with_a_reason() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(One=(1, [one.address]))
        client = router.boto3_client()
        with pytest.raises(exceptions.ClientError, match="streaming is not supported"):
            await asyncio.to_thread(
                lambda: client.invoke_endpoint_with_response_stream(EndpointName="churn", Body=b"")
            )
        client.close()
