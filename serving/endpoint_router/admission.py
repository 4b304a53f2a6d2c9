"""Whether a request may reach a model, and as what: paths, methods and the headers of SageMaker's runtime wire.

Pure: a request's facts in, what to do or the error to answer out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from endpoint_contract import headers as wire
from endpoint_contract import runtime_errors, variant_names

TARGET_VARIANT: Final = wire.TARGET_VARIANT.lower().encode()
_TARGET_MODEL: Final = wire.TARGET_MODEL.lower().encode()
_INFERENCE_ID: Final = wire.INFERENCE_ID.lower().encode()
_LIMITED: Final[list[tuple[bytes, str]]] = [
    (b"content-type", "ContentType"),
    (b"accept", "Accept"),
    (wire.CUSTOM_ATTRIBUTES.lower().encode(), "CustomAttributes"),
]
_VALUE_BYTES: Final = 1024
_INFERENCE_ID_VALUE = re.compile(rb"[!-~][ -~]{0,63}\Z")
_ENDPOINT_PATH = re.compile(r"/endpoints/([^/]+)/(invocations|invocations-response-stream)\Z")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(/|\Z)")


@dataclass(frozen=True, slots=True)
class Route:
    """How an admitted request goes on. ``request_line`` is what the model gets.

    ``is_transparent`` requests (Open Inference Protocol) get the model's statuses as they are; the others are
    invocations, where anything but 2xx is a ModelError.
    """

    method: str
    request_line: bytes
    is_transparent: bool = False


PING: Final = Route("GET", b"")
INVOKE: Final = Route("POST", b"POST /invocations HTTP/1.1\r\n")


def routes(endpoint: str) -> dict[str, Route]:
    """The usual targets of an endpoint, to be looked up before `route` is asked."""
    return {f"/endpoints/{endpoint}/invocations": INVOKE, "/invocations": INVOKE, "/ping": PING}


def route(method: str, target: str, endpoint: str) -> Route | runtime_errors.RuntimeApiError:
    """How a request to ``target`` goes on, or why not: 404 unknown path, 405 method, 400 endpoint or streaming."""
    path = unquote(target.partition("?")[0], errors="replace")
    if path == "/v2" or path.startswith("/v2/"):
        return _open_inference(method, target, path)
    if path == "/ping":
        return PING if method == "GET" else _wrong_method(method, PING)
    match = _ENDPOINT_PATH.match(path)
    if path != "/invocations" and match is None:
        return _invalid(f"There is nothing at {path}.", status=404)
    if method != INVOKE.method:
        return _wrong_method(method, INVOKE)
    if match is not None and match.group(1) != endpoint:
        return _invalid(f"Endpoint {match.group(1)} not found. This is the endpoint {endpoint}.")
    if match is not None and match.group(2) != "invocations":
        return _invalid("Response streaming is not supported.")
    return INVOKE


def _open_inference(method: str, target: str, path: str) -> Route | runtime_errors.RuntimeApiError:
    if _DOT_SEGMENT.search(path):
        return _invalid(f"There is nothing at {path}.", status=404)
    if method not in ("GET", "POST"):
        return _invalid(f"{method} is not allowed here, only GET and POST.", status=405)
    return Route(method, f"{method} {target} HTTP/1.1\r\n".encode(), is_transparent=True)


def check_headers(headers: dict[bytes, bytes]) -> runtime_errors.RuntimeApiError | None:
    """What is wrong with the headers of an invocation, by SageMaker's constraints; None when nothing is."""
    if _TARGET_MODEL in headers:
        return _invalid("TargetModel is only for multi-model endpoints, which this is not.")
    inference_id = headers.get(_INFERENCE_ID)
    if inference_id is not None and not _INFERENCE_ID_VALUE.match(inference_id):
        return _invalid("InferenceId must be 1 to 64 printable characters, the first of them no blank.")
    for name, parameter in _LIMITED:
        value = headers.get(name)
        if value is not None and (len(value) > _VALUE_BYTES or not value.isascii()):
            return _invalid(f"{parameter} must be ASCII and at most {_VALUE_BYTES} characters long.")
    return None


def unknown_variant(target: bytes, variants: Mapping[bytes, object]) -> runtime_errors.RuntimeApiError:
    """The error for a TargetVariant that is not among ``variants``."""
    wanted = target.decode("ascii", "replace")
    there_are = ", ".join(name.decode() for name in variants)
    if not variant_names.is_valid(wanted):
        return _invalid(f"TargetVariant must match {variant_names.PATTERN}. Variants: {there_are}.")
    return _invalid(f"Variant {wanted} not found. Variants: {there_are}.")


def _wrong_method(method: str, right: Route) -> runtime_errors.RuntimeApiError:
    return _invalid(f"{method} is not allowed here, only {right.method}.", status=405)


def _invalid(message: str, *, status: int = 400) -> runtime_errors.RuntimeApiError:
    return runtime_errors.error(runtime_errors.VALIDATION_ERROR, message, status=status)
