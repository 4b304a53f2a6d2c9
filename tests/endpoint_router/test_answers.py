import json
import re

import pytest

from endpoint_contract import runtime_errors
from endpoint_router import answers

SECRET = {
    b"authorization": b"AWS4-HMAC-SHA256 Credential=x",
    b"x-amz-security-token": b"token",
    b"x-amz-date": b"now",
    b"cookie": b"a=b",
    b"proxy-authorization": b"x",
    b"connection": b"x-amzn-sagemaker-custom-attributes",
    b"keep-alive": b"1",
    b"te": b"trailers",
    b"upgrade": b"h2c",
    b"expect": b"100-continue",
    b"transfer-encoding": b"chunked",
    b"host": b"evil",
    b"user-agent": b"x",
    b"forwarded": b"for=x",
    b"x-forwarded-for": b"x",
    b"x-amzn-invoked-production-variant": b"forged",
    b"x-pointsman-route-reason": b"forged",
}


def test_a_model_sees_only_what_is_allowed() -> None:
    assert answers.model_lines(SECRET) == b"\r\n"


def test_a_model_gets_what_it_needs() -> None:
    sent = {
        b"content-type": b"text/csv",
        b"accept": b"application/json",
        b"x-amzn-sagemaker-custom-attributes": b"a=b",
        b"x-amzn-sagemaker-session-id": b"NEW_SESSION",
        b"content-encoding": b"gzip",
    }
    head = answers.model_lines({**SECRET, **sent})
    lines = dict(line.split(b": ") for line in head.split(b"\r\n") if line)
    assert {name.lower(): value for name, value in lines.items()} == sent


def test_a_model_cannot_speak_with_the_routers_voice() -> None:
    found = answers.client_lines(
        {
            b"content-type": b"text/csv",
            b"x-amzn-sagemaker-custom-attributes": b"mine",
            b"x-amzn-invoked-production-variant": b"forged",
            b"x-amzn-requestid": b"forged",
            b"x-amzn-errortype": b"ModelError",
            b"x-pointsman-route-reason": b"forged",
            b"set-cookie": b"a=b",
            b"server": b"x",
            b"date": b"x",
            b"connection": b"close",
        }
    )
    assert found == b"Content-Type: text/csv\r\nX-Amzn-SageMaker-Custom-Attributes: mine\r\n"


def test_request_ids_look_like_uuids_and_differ() -> None:
    ids = answers.RequestIds()
    lines = {ids.line() for _ in range(1000)} | {answers.RequestIds().line()}
    assert len(lines) == 1001
    pattern = rb"x-amzn-RequestId: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\r\n"
    assert all(re.fullmatch(pattern, line) for line in lines)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, 'Received client error (404) from primary with message "oops"'),
        (302, 'Received client error (302) from primary with message "oops"'),
        (500, 'Received server error (500) from primary with message "oops"'),
    ],
)
def test_a_models_error_is_quoted_in_awss_words(status: int, message: str) -> None:
    error = answers.model_status_error(status, b"oops")
    body = json.loads(error.body())
    assert (error.status, body["Message"]) == (424, message)
    assert (body["OriginalStatusCode"], body["OriginalMessage"]) == (status, "oops")


def test_a_models_error_page_is_cut_and_never_breaks_the_answer() -> None:
    error = answers.model_status_error(500, b"\xff" * 1_000_000)
    assert len(json.loads(error.body())["OriginalMessage"]) == runtime_errors.ORIGINAL_MESSAGE_LIMIT


def test_a_timeout_is_told_in_awss_words() -> None:
    message = answers.model_failure("no answer", is_timeout=True).message
    assert message == "Your invocation timed out while waiting for a response from container primary."


@pytest.mark.parametrize(
    ("status", "type_"),
    [
        (400, "ValidationError"),
        (408, "ValidationError"),
        (413, "ValidationError"),
        (431, "ValidationError"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
    ],
)
def test_each_refusal_of_the_server_has_its_type(status: int, type_: str) -> None:
    error = answers.refusal(status, "the reason")
    assert (error.status, error.type, error.message) == (status, type_, "The reason.")
    assert f"x-amzn-ErrorType: {type_}\r\n".encode() in answers.error_lines(error)
