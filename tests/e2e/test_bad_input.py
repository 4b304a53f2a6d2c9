"""What clients send by mistake is refused by the router or the model server of a real pod, saying what is wrong."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.e2e import endpoints

MIB = 1 << 20


def ask(
    url: str, method: str, path: str, body: bytes | None, **headers: str
) -> tuple[int, str, dict[str, object]]:
    """Status, error type and the JSON members of the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "text/csv", **headers})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, answer.getheader("x-amzn-ErrorType", ""), json.loads(content or b"{}")
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        pytest.param("POST", "/invocations", b"1" * (7 * MIB), 413, "6291456", id="7 MiB"),
        pytest.param("POST", "/nowhere", b"1", 404, "/nowhere", id="unknown path"),
        pytest.param("DELETE", "/invocations", None, 405, "DELETE", id="wrong method"),
        pytest.param("POST", "/endpoints/other/invocations", b"1", 400, "other", id="unknown endpoint name"),
    ],
)
def test_what_the_router_refuses_is_a_validation_error_that_names_it(
    churn: endpoints.LiveEndpoint, method: str, path: str, body: bytes | None, status: int, named: str
) -> None:
    answered, error_type, members = ask(churn.url(), method, path, body)
    print(members["Message"])
    assert (answered, error_type) == (status, "ValidationError")
    assert named in str(members["Message"])


@pytest.mark.parametrize(
    ("row", "original", "named"),
    [
        pytest.param("1,two,3", 415, "two", id="text in CSV"),
        pytest.param(",".join(["1"] * 70), 400, "69", id="too many columns"),
        pytest.param("1,2\n1,2,3", 415, "row 2", id="ragged rows"),
    ],
)
def test_what_the_model_server_refuses_is_a_model_error_in_its_words(
    churn: endpoints.LiveEndpoint, row: str, original: int, named: str
) -> None:
    status, error_type, members = ask(churn.url(), "POST", "/invocations", row.encode())
    print(members["OriginalMessage"])
    assert (status, error_type, members["OriginalStatusCode"]) == (424, "ModelError", original)
    assert named in str(members["OriginalMessage"])


def test_no_body_is_passed_on_and_answered_with_nothing(churn: endpoints.LiveEndpoint) -> None:
    assert ask(churn.url(), "POST", "/invocations", None) == (204, "", {})
