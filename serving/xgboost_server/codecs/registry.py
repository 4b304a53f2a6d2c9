"""Which codec reads a Content-Type, and which one writes what a client accepts."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from xgboost_server import errors, matrix
from xgboost_server.codecs import application_json, media_type, text_csv

DEFAULT_ANSWER = "text/csv"


@dataclass(frozen=True, slots=True)
class Reader:
    """``decode`` gives blocks of rows of one width or raises PayloadError; ``usual_answer`` is in WRITERS."""

    name: str
    check_parameters: Callable[[Mapping[str, str]], None]
    decode: Callable[[bytes], Iterator[matrix.Matrix]]
    usual_answer: str


@dataclass(frozen=True, slots=True)
class Writer:
    """``encode`` takes predictions, n_rows or n_rows × n_outputs; ``content_type`` is the answer's."""

    content_type: str
    encode: Callable[[matrix.Matrix], bytes]


_CSV_READER = Reader("csv", text_csv.check_parameters, text_csv.decode, DEFAULT_ANSWER)
_JSON_READER = Reader(
    "json", application_json.check_parameters, application_json.decode, application_json.NAMES[0]
)

READERS: Mapping[str, Reader] = {
    **dict.fromkeys(text_csv.NAMES, _CSV_READER),
    **dict.fromkeys(application_json.NAMES, _JSON_READER),
}
WRITERS: Mapping[str, Writer] = {
    **dict.fromkeys(text_csv.NAMES, Writer(text_csv.ANSWER_TYPE, text_csv.encode)),
    **dict.fromkeys(application_json.NAMES, Writer(application_json.ANSWER_TYPE, application_json.encode)),
}

_ANYTHING = ("*/*", "")


@functools.lru_cache(maxsize=256)
def reader(content_type: bytes) -> Reader:
    """The reader for a Content-Type header's value. Raises PayloadError naming the types there are."""
    media = media_type.parse(content_type.decode("latin-1"))
    if not media.name:
        raise errors.PayloadError(
            f"Content-Type is missing, which means libsvm; the accepted ones are: {', '.join(READERS)}"
        )
    found = READERS.get(media.name)
    if found is None:
        raise errors.PayloadError(f"{media.name} is not an accepted Content-Type: {', '.join(READERS)}")
    found.check_parameters(media.parameters)
    return found


@functools.lru_cache(maxsize=256)
def writer(accept_header: bytes, default: str) -> Writer:
    """The writer for an Accept header's value; ``default`` is the type for ``*/*`` and none. Raises AcceptError."""
    accept = accept_header.decode("latin-1")
    wanted = media_type.preferences(accept)
    for media in wanted:
        found = WRITERS.get(default if media.name in _ANYTHING else media.name)
        if found is not None:
            return found
    if not wanted and not accept.strip():
        return WRITERS[default]
    raise errors.AcceptError(
        f"Accept type {accept} is not supported. Supported accept types: {', '.join(WRITERS)}"
    )
