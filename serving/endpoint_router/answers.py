"""What the router sends: header lines to the model and to the client, and the errors of SageMaker's runtime.

Only the headers listed here pass in either direction, so that no credential reaches a model, and neither a client
nor a model can speak with the router's voice.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from endpoint_contract import headers, runtime_errors
from http_protocol import heads

_TO_MODEL: Final[dict[bytes, bytes]] = {
    name.lower().encode(): f"{name}: ".encode()
    for name in (
        "Content-Type",
        "Accept",
        "Content-Encoding",
        "Inference-Header-Content-Length",  # Open Inference Protocol, binary tensors
        "Traceparent",
        "Tracestate",
        headers.CUSTOM_ATTRIBUTES,
        headers.INFERENCE_ID,
        headers.TARGET_VARIANT,
    )
}
# Known, so that they need not be compared with the prefix.
_KEPT_BACK: Final = frozenset((b"connection", b"content-length", b"host"))
_SAGEMAKER_PREFIX: Final = headers.SAGEMAKER_PREFIX.lower().encode()
_TO_CLIENT = tuple(
    (name.lower().encode(), f"{name}: ".encode())
    for name in ("Content-Encoding", "Inference-Header-Content-Length", headers.CUSTOM_ATTRIBUTES)
)
_CONTENT_TYPE = b"content-type"
_ERROR_TYPE_OF_STATUS = {
    500: runtime_errors.INTERNAL_FAILURE,
    503: runtime_errors.SERVICE_UNAVAILABLE,
}

_REQUEST_ID: Final = f"{headers.REQUEST_ID}: ".encode()
_LAST_DIGITS: Final[list[bytes]] = [b"%02x\r\n" % number for number in range(256)]


class RequestIds:
    """Request ids that look like UUIDs: random per process, counted within it, because uuid4 costs 2 µs."""

    __slots__ = ("_begin", "_count", "_prefix")

    def __init__(self) -> None:
        self._prefix = str(uuid.uuid4())[:24].encode()
        self._count = uuid.uuid4().int & 0x7FFFFFFFFF00
        self._begin = b""  # all but the last two digits, which change every time

    def line(self) -> bytes:
        """The header line of the next id."""
        last = self._count & 255
        if last == 0 or not self._begin:
            self._begin = b"%s%s%010x" % (_REQUEST_ID, self._prefix, self._count >> 8)
        self._count += 1
        return self._begin + _LAST_DIGITS[last]


def variant_lines(variant: str, reason: str) -> bytes:
    """The header lines that say which variant was invoked and why."""
    return heads.render([(headers.INVOKED_PRODUCTION_VARIANT, variant), (headers.ROUTE_REASON, reason)])


def model_lines(request_headers: Mapping[bytes, bytes]) -> bytes:
    """What the model may see of the client's headers, and the end of that part: never empty."""
    parts: list[bytes] = []
    for name, value in request_headers.items():
        prefix = _TO_MODEL.get(name)
        if prefix is not None:
            parts.append(prefix)
            parts.append(value)
            parts.append(b"\r\n")
        elif name not in _KEPT_BACK and name.startswith(_SAGEMAKER_PREFIX):
            parts.append(name + b": " + value + b"\r\n")
    parts.append(b"\r\n")
    return b"".join(parts)


def client_lines(answer_headers: Mapping[bytes, bytes]) -> bytes:
    """What the client may see of the model's headers."""
    content_type = answer_headers.get(_CONTENT_TYPE)
    lines = b"" if content_type is None else b"Content-Type: " + content_type + b"\r\n"
    for name, prefix in _TO_CLIENT:
        value = answer_headers.get(name)
        if value is not None:
            lines += prefix + value + b"\r\n"
    return lines


def error_lines(error: runtime_errors.RuntimeApiError) -> bytes:
    """Header lines of an error answer; without the error type boto3 raises no typed exception."""
    lines = f"Content-Type: application/json\r\n{headers.ERROR_TYPE}: {error.type}\r\n"
    if error.status == 405:
        lines += f"Allow: {error.message.rpartition('only ')[2].rstrip('.').replace(' and ', ', ')}\r\n"
    return lines.encode()


def refusal(status: int, reason: str) -> runtime_errors.RuntimeApiError:
    """The error for a request that the server refused before the proxy saw it."""
    type_ = _ERROR_TYPE_OF_STATUS.get(status, runtime_errors.VALIDATION_ERROR)
    return runtime_errors.error(type_, reason[:1].upper() + reason[1:] + ".", status=status)


def unavailable(message: str) -> runtime_errors.RuntimeApiError:
    """503, which boto3 tries again."""
    return runtime_errors.error(runtime_errors.SERVICE_UNAVAILABLE, message)


def model_status_error(status: int, body: bytes) -> runtime_errors.RuntimeApiError:
    """The ModelError for an answer of the model that is not 2xx, in AWS's words."""
    kind = "server" if status >= 500 else "client"
    quoted = body[: runtime_errors.ORIGINAL_MESSAGE_LIMIT].decode("utf-8", "replace")
    return runtime_errors.model_error(
        f'Received {kind} error ({status}) from primary with message "{quoted}"',
        original_status=status,
        original_body=body,
    )


def model_failure(reason: str, *, is_timeout: bool) -> runtime_errors.RuntimeApiError:
    """The ModelError for a model that gave no whole answer, in AWS's words."""
    if is_timeout:
        message = "Your invocation timed out while waiting for a response from container primary."
    else:
        message = f'Received server error (0) from primary with message "{reason}"'
    return runtime_errors.model_error(message, original_status=0, original_body=reason.encode())
