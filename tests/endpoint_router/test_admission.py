import pytest

from endpoint_contract import runtime_errors
from endpoint_router import admission

INFER = "/v2/models/churn/infer"


@pytest.mark.parametrize(
    "target",
    [
        "/invocations",
        "/endpoints/churn/invocations",
        "/endpoints/churn/invocations?x=y",
        "/endpoints/ch%75rn/invocations",
    ],
)
def test_invocations_go_to_the_models_own_path(target: str) -> None:
    assert admission.route("POST", target, "churn") is admission.INVOKE


def test_the_usual_targets_need_no_second_look() -> None:
    for target, route in admission.routes("churn").items():
        assert admission.route(route.method, target, "churn") is route


@pytest.mark.parametrize(
    ("method", "target"), [("POST", INFER), ("GET", "/v2"), ("GET", "/v2/health/ready?a=b")]
)
def test_open_inference_passes_as_it_is(method: str, target: str) -> None:
    route = admission.route(method, target, "churn")
    assert isinstance(route, admission.Route)
    assert route.is_transparent
    assert route.request_line == f"{method} {target} HTTP/1.1\r\n".encode()


@pytest.mark.parametrize(
    ("method", "target", "status", "words"),
    [
        ("POST", "/", 404, "nothing at /"),
        ("POST", "/endpoints/churn", 404, "nothing at"),
        ("POST", "/endpoints/churn/invocations/", 404, "nothing at"),
        ("POST", "/endpoints//invocations", 404, "nothing at"),
        ("POST", "//invocations", 404, "nothing at"),
        ("POST", "/v2/../invocations", 404, "nothing at"),
        ("POST", "/v2/%2e%2e/invocations", 404, "nothing at"),
        ("POST", "/v3/models", 404, "nothing at"),
        ("GET", "/metrics", 404, "nothing at"),
        ("GET", "/invocations", 405, "only POST"),
        ("DELETE", "/endpoints/churn/invocations", 405, "only POST"),
        ("POST", "/ping", 405, "only GET"),
        ("DELETE", INFER, 405, "only GET and POST"),
        ("POST", "/endpoints/other/invocations", 400, "Endpoint other not found"),
        ("POST", "/endpoints/Churn/invocations", 400, "Endpoint Churn not found"),
        ("POST", "/endpoints/churn/invocations-response-stream", 400, "streaming is not supported"),
        ("POST", "/endpoints/other/invocations-response-stream", 400, "Endpoint other not found"),
    ],
)
def test_everything_else_is_a_validation_error(method: str, target: str, status: int, words: str) -> None:
    error = admission.route(method, target, "churn")
    assert isinstance(error, runtime_errors.RuntimeApiError)
    assert (error.type, error.status) == (runtime_errors.VALIDATION_ERROR, status)
    assert words in error.message


@pytest.mark.parametrize(
    ("name", "value", "parameter"),
    [
        (b"x-amzn-sagemaker-target-model", b"m.tar.gz", "TargetModel"),
        (b"x-amzn-sagemaker-inference-id", b"", "InferenceId"),
        (b"x-amzn-sagemaker-inference-id", b"x" * 65, "InferenceId"),
        (b"x-amzn-sagemaker-inference-id", b"\xe9", "InferenceId"),
        (b"x-amzn-sagemaker-custom-attributes", b"x" * 1025, "CustomAttributes"),
        (b"x-amzn-sagemaker-custom-attributes", b"\xe9", "CustomAttributes"),
        (b"content-type", b"x" * 1025, "ContentType"),
        (b"accept", b"\xe9", "Accept"),
    ],
)
def test_a_header_outside_its_bounds_is_named(name: bytes, value: bytes, parameter: str) -> None:
    error = admission.check_headers({name: value})
    assert error is not None
    assert error.message.startswith(parameter)
    assert error.status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-amzn-sagemaker-inference-id", b"a b~"),
        (b"x-amzn-sagemaker-inference-id", b"x" * 64),
        (b"x-amzn-sagemaker-custom-attributes", b"x" * 1024),
        (b"content-type", b"text/csv; charset=utf-8"),
        (b"cookie", b"\xe9" * 5000),
    ],
)
def test_a_header_within_its_bounds_passes(name: bytes, value: bytes) -> None:
    assert admission.check_headers({name: value}) is None


@pytest.mark.parametrize("target", [b"Variant3", b"variant1", b"Variant1, Variant2", b"\xff", b"", b"A" * 64])
def test_an_unknown_variant_is_told_which_there_are(target: bytes) -> None:
    error = admission.unknown_variant(target, {b"Variant1": 1, b"Variant2": 2})
    assert error.status == 400
    assert error.message.endswith("Variants: Variant1, Variant2.")
