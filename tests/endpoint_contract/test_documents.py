"""The other documents that the programs exchange survive the journey, and garbage is refused."""

import json

import pytest

from endpoint_contract import failures, model_identity, router_report, runtime_errors, variant_names
from endpoint_contract.route_table import Backend, RouteTable, Variant

TABLE = RouteTable("churn", 4, (Variant("A", 1.0, (Backend(service="a"),)),))


def test_a_router_report_survives_the_journey() -> None:
    report = router_report.RouterReport(TABLE, {"a": 2})
    assert router_report.parse(router_report.render(report)) == report


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="no members"),
        pytest.param(b'{"table": 1, "readyAddresses": {}}', id="no table"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"[" * 100_000, id="deeper than Python reads"),
        pytest.param(
            router_report.render(router_report.RouterReport(TABLE, {"a": 2})).replace(
                b'"a": 2', b'"a": Infinity'
            ),
            id="infinitely many addresses",
        ),
    ],
)
def test_garbage_is_no_router_report(body: bytes) -> None:
    with pytest.raises(router_report.RouterReportError):
        router_report.parse(body)


def test_a_model_identity_survives_the_journey_on_one_line() -> None:
    identity = model_identity.ModelIdentity("s3://m/k", '"tag"', "ab" * 32, 12)
    rendered = model_identity.render(identity)
    assert "\n" not in rendered
    assert model_identity.parse(rendered) == identity


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="no members"),
        pytest.param('{"dataUrl": 1}', id="not all members"),
        pytest.param("[" * 4096, id="deeper than Python reads"),
        pytest.param('{"dataUrl": "", "eTag": "", "sha256": "", "sizeBytes": Infinity}', id="endless"),
    ],
)
def test_garbage_is_no_model_identity(text: str) -> None:
    with pytest.raises(model_identity.ModelIdentityError):
        model_identity.parse(text)


def test_a_failure_is_one_line_that_begins_with_its_reason() -> None:
    line = failures.line(failures.MODEL_DOWNLOAD_FAILED, "s3://m/k:\n no such key")
    assert line == "ModelDownloadFailed: s3://m/k: no such key"
    assert failures.reason_of(line) == failures.MODEL_DOWNLOAD_FAILED
    assert failures.reason_of("Killed") is None


def test_only_a_model_error_quotes_the_model() -> None:
    error = runtime_errors.model_error("it failed", original_status=500, original_body=b"\xff" + b"x" * 5000)
    body = json.loads(error.body())
    assert body["OriginalStatusCode"] == 500
    assert len(body["OriginalMessage"]) == runtime_errors.ORIGINAL_MESSAGE_LIMIT
    assert set(json.loads(runtime_errors.error(runtime_errors.VALIDATION_ERROR, "no").body())) == {"Message"}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(302, "CLIENT_ERROR_FROM_MODEL", id="a redirection"),
        pytest.param(400, "CLIENT_ERROR_FROM_MODEL", id="a client's error"),
        pytest.param(499, "CLIENT_ERROR_FROM_MODEL", id="the last of a client's errors"),
        pytest.param(500, "SERVER_ERROR_FROM_MODEL", id="a server's error"),
        pytest.param(0, "SERVER_ERROR_FROM_MODEL", id="no answer at all"),
    ],
)
def test_a_model_error_says_whose_error_it_was(status: int, code: str) -> None:
    error = runtime_errors.model_error("it failed", original_status=status)
    assert json.loads(error.body())["ErrorCode"] == code


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        pytest.param("Variant1", True, id="upper case"),
        pytest.param("a--b", True, id="dashes inside"),
        pytest.param("a" * 63, True, id="63 long"),
        pytest.param("a" * 64, False, id="64 long"),
        pytest.param("-a", False, id="dash first"),
        pytest.param("a-", False, id="dash last"),
        pytest.param("a_b", False, id="underscore"),
        pytest.param("", False, id="empty"),
        pytest.param("a\n", False, id="line end"),
    ],
)
def test_variant_names_are_sagemakers(name: str, valid: bool) -> None:
    assert variant_names.is_valid(name) is valid
