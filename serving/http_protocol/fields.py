"""Header lines: bytes in, names and values out; httptools reads them, and nothing is remembered."""

from typing import Final

import httptools

from http_protocol import limits, refusals

_Parser = type[httptools.HttpRequestParser] | type[httptools.HttpResponseParser]

_SINGLE: Final = (b"host", b"content-length", b"transfer-encoding", b"content-type")


# Names as they are spelled, in lower case: a look-up costs a fifth of lowering, and the bytes that it gives have their
# hash already. An empty one is dropped: credentials and what clients say of themselves, half of what boto3 sends, are
# asked for by no program here, and not keeping them saves a tenth of the work on its requests.
_NAMES: Final = {
    spelling.encode(): name.lower().encode() if is_kept else b""
    for names, is_kept in (
        (("Accept", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Date",
          "Expect", "Forwarded", "Host", "Keep-Alive", "Server", "Traceparent", "Tracestate", "Transfer-Encoding",
          "Via", "X-Amzn-Trace-Id", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id",
          "X-Amzn-SageMaker-Target-Variant", "X-Envoy-Attempt-Count", "X-Forwarded-For", "X-Forwarded-Host",
          "X-Forwarded-Proto", "X-Real-Ip", "X-Request-Id"), True),
        (("Accept-Encoding", "Accept-Language", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Authorization", "Cookie",
          "User-Agent", "X-Amz-Content-SHA256", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-User-Agent"), False),
    )
    for name in names
    for spelling in (name, name.lower())
}  # fmt: skip


_LEGAL: Final = bytes(
    byte if (byte >= 32 and byte != 127) or byte == 9 else byte ^ 128 for byte in range(256)
)


def is_dropped(name: bytes) -> bool:
    """Whether a header of this name, as it is spelled, is among those that `read` leaves out."""
    return _NAMES.get(name) == b""


def is_value(value: bytes) -> bool:
    """Whether there is nothing in ``value`` that makes a header line malformed."""
    return value.translate(_LEGAL) == value  # ten times as fast as an expression


class _Fields:
    """Receives what httptools finds in one head."""

    __slots__ = ("dropped", "is_complete", "repeated", "values")

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.repeated: list[bytes] = []
        self.dropped = 0
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        key = _NAMES.get(name)
        if key is None:
            key = name.lower()
        elif not key:
            self.dropped += 1
            return
        if value and (value[0] <= 32 or value[-1] <= 32):
            value = value.strip(b" \t")
        values = self.values
        if key in values:
            self.repeated.append(key)
            values[key] += b", " + value
        else:
            values[key] = value

    def on_headers_complete(self) -> None:
        self.is_complete = True


def read(head: bytes, parser: _Parser, status: int) -> dict[bytes, bytes]:
    """The headers of ``head``, repeated ones joined; a few that nobody here asks for are left out.

    ``head`` is fed whole to a fresh parser (0.2 µs): no state passes from one message to the next, and no value is
    rejoined piece by piece. Raises RefusedError with ``status``, or 431.
    """
    fields = _Fields()
    try:
        parser(fields).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # an offer that may be ignored; the body is read by its length like any other
    except httptools.HttpParserError as exc:
        raise refusals.RefusedError(status, f"the head is malformed: {exc}") from exc
    if not fields.is_complete:
        raise refusals.RefusedError(status, "the head is malformed")
    if fields.repeated or len(fields.values) + fields.dropped > limits.HEADER_COUNT:
        _check_unusual(fields, status)
    return fields.values


def _check_unusual(fields: _Fields, status: int) -> None:
    if len(fields.values) + len(fields.repeated) + fields.dropped > limits.HEADER_COUNT:
        reason = f"more than {limits.HEADER_COUNT} headers"
        raise refusals.RefusedError(431 if status == 400 else status, reason)
    for name in fields.repeated:
        if name in _SINGLE:
            raise refusals.RefusedError(status, f"the header {name.decode()} is repeated")
