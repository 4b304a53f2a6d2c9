"""The errors of SageMaker's InvokeEndpoint: type, HTTP status and JSON body, as boto3 parses them.

boto3 raises the typed exception only when the answer has the header ``x-amzn-ErrorType``
(`headers.ERROR_TYPE`); keys of the body are matched exactly as written here.
"""

import json
from dataclasses import dataclass

VALIDATION_ERROR = "ValidationError"
MODEL_ERROR = "ModelError"
MODEL_NOT_READY = "ModelNotReadyException"
INTERNAL_FAILURE = "InternalFailure"
SERVICE_UNAVAILABLE = "ServiceUnavailable"

STATUS = {
    VALIDATION_ERROR: 400,
    MODEL_ERROR: 424,
    MODEL_NOT_READY: 429,
    INTERNAL_FAILURE: 500,
    SERVICE_UNAVAILABLE: 503,
}
"""The usual status of a type; ValidationError is also sent with 404, 405, 408, 413 and 431."""

CLIENT_ERROR_FROM_MODEL = "CLIENT_ERROR_FROM_MODEL"
SERVER_ERROR_FROM_MODEL = "SERVER_ERROR_FROM_MODEL"
"""ErrorCode of a ModelError: which of the two the model, or the loss of it, counts as."""

ORIGINAL_MESSAGE_LIMIT = 2048
"""Bytes of the model's own answer that a ModelError quotes."""


@dataclass(frozen=True, slots=True)
class RuntimeApiError:
    """One error answer. ``original_*`` belong to a ModelError only."""

    type: str
    message: str
    status: int
    original_status_code: int | None = None
    original_message: str | None = None

    def body(self) -> bytes:
        """The JSON body, UTF-8."""
        members: dict[str, object] = {"Message": self.message}
        if self.type == MODEL_ERROR:
            members["OriginalStatusCode"] = self.original_status_code or 0
            members["OriginalMessage"] = self.original_message or ""
            members["LogStreamArn"] = ""
            members["ErrorCode"] = self._error_code
        return json.dumps(members).encode()

    @property
    def _error_code(self) -> str:
        # A redirection counts as the client's, as it does in the message; no status at all never does.
        is_client = 0 < (self.original_status_code or 0) < 500
        return CLIENT_ERROR_FROM_MODEL if is_client else SERVER_ERROR_FROM_MODEL


def error(type_: str, message: str, *, status: int | None = None) -> RuntimeApiError:
    """An error of ``type_``, with the type's usual HTTP status unless another one is named."""
    return RuntimeApiError(type=type_, message=message, status=STATUS[type_] if status is None else status)


def model_error(message: str, *, original_status: int, original_body: bytes = b"") -> RuntimeApiError:
    """A ModelError (424). ``original_body`` is cut to 2,048 bytes and decoded with replacement characters."""
    return RuntimeApiError(
        type=MODEL_ERROR,
        message=message,
        status=STATUS[MODEL_ERROR],
        original_status_code=original_status,
        original_message=original_body[:ORIGINAL_MESSAGE_LIMIT].decode("utf-8", "replace"),
    )
