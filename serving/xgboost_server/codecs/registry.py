"""Which codec reads a Content-Type, and which one writes what a client accepts."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xgboost_server import errors, matrix, selectable
from xgboost_server.codecs import (
    application_json,
    application_jsonlines,
    media_type,
    pieces,
    recordio_protobuf,
    text_csv,
    text_libsvm,
)

DEFAULT_ANSWER = "text/csv"


@dataclass(frozen=True, slots=True)
class Reader:
    """``decode`` gives blocks of rows of one width or raises PayloadError; ``usual_answer`` is in WRITERS.

    Of bodies up to ``inline_bytes`` the first two blocks are read in the event loop: it takes a millisecond or so.
    """

    name: str
    decode: Callable[[bytes], Iterator[matrix.Rows]]
    usual_answer: str
    inline_bytes: int


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer can be written: ``encode`` takes predictions, ``encode_selected`` pieces of what was selected."""

    content_type: str
    encode: Callable[[matrix.Matrix], bytes]
    encode_selected: Callable[[Iterable[Sequence[Mapping[str, Any]]]], bytes]


@dataclass(frozen=True, slots=True)
class Writer:
    """``encode`` takes predictions, n_rows or n_rows × n_outputs; ``content_type`` is the answer's.

    ``encode`` raises SelectionError.
    """

    content_type: str
    encode: Callable[[matrix.Matrix], bytes]


_CSV_READER = Reader("csv", text_csv.decode, DEFAULT_ANSWER, 64 * 1024)
_LIBSVM_READER = Reader("libsvm", text_libsvm.decode, DEFAULT_ANSWER, 16 * 1024)
_RECORDIO_READER = Reader("recordio-protobuf", recordio_protobuf.decode, DEFAULT_ANSWER, 16 * 1024)
_JSON_READER = Reader("json", application_json.decode, "application/json", 64 * 1024)
_JSONLINES_READER = Reader("jsonlines", application_jsonlines.decode, "application/jsonlines", 64 * 1024)

READERS: Mapping[str, Reader] = {
    **dict.fromkeys(text_csv.NAMES, _CSV_READER),
    **dict.fromkeys(text_libsvm.NAMES, _LIBSVM_READER),
    **dict.fromkeys(recordio_protobuf.NAMES, _RECORDIO_READER),
    **dict.fromkeys(application_json.NAMES, _JSON_READER),
    **dict.fromkeys(application_jsonlines.NAMES, _JSONLINES_READER),
}
WRITERS: Mapping[str, Form] = {
    "application/json": Form(
        application_json.ANSWER_TYPE, application_json.encode, application_json.encode_selected
    ),
    "application/jsonlines": Form(
        application_jsonlines.ANSWER_TYPE, application_jsonlines.encode, application_jsonlines.encode_selected
    ),
    "application/x-recordio-protobuf": Form(
        recordio_protobuf.ANSWER_TYPE, recordio_protobuf.encode, recordio_protobuf.encode_selected
    ),
    "text/csv": Form(text_csv.ANSWER_TYPE, text_csv.encode, text_csv.encode_selected),
}
_BATCH_CSV = Form(text_csv.ANSWER_TYPE, text_csv.encode_batch, text_csv.encode_selected_batch)


@functools.lru_cache(maxsize=256)
def reader(content_type: bytes) -> Reader:
    """The reader for a Content-Type header's value; none means libsvm. Raises PayloadError in AWS's words."""
    value = content_type.decode("latin-1")
    media = media_type.parse(value)
    found = READERS.get(media.name) if media.name else _LIBSVM_READER
    if found is None:
        raise errors.PayloadError(f"{value} is not an accepted ContentType: {', '.join(READERS)}.")
    if found is _CSV_READER and media.parameters.get("label_size", "1") != "1":
        raise errors.PayloadError(
            f"{value} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
        )
    return found


class Writers:
    """The answers that one server gives. ``find`` is asked for every request and remembers.

    ``selection`` is what SAGEMAKER_INFERENCE_OUTPUT asks for, None for plain predictions; ``default`` is empty or
    the type of answers to whom anything is welcome; ``is_batch`` writes CSV as batch transform wants it.
    """

    __slots__ = ("_default", "_writers", "find")

    def __init__(
        self, *, default: str = "", selection: selectable.Selection | None = None, is_batch: bool = False
    ) -> None:
        forms = {**WRITERS, "text/csv": _BATCH_CSV} if is_batch else WRITERS
        self._writers = {name: _writer(form, selection) for name, form in forms.items()}
        self._default = default
        self.find = functools.lru_cache(maxsize=256)(self._find)

    def _find(self, accept: bytes, content_type: bytes) -> Writer:
        """The writer for two headers of a request that can be read. Raises AcceptError in AWS's words."""
        default = self._default or reader(content_type).usual_answer
        text = accept.decode("latin-1").strip()
        if not text:
            return self._writers[default]
        by_preference = {default: self._writers[default], **self._writers}
        for media in media_type.preferences(text):
            for name, writer in by_preference.items():
                if media_type.covers(media.name, name):
                    return writer
        raise errors.AcceptError(
            f"Accept type {text} is not supported. Please use supported accept types: {list(self._writers)}."
        )


def _writer(form: Form, selection: selectable.Selection | None) -> Writer:
    if selection is None:
        return Writer(form.content_type, form.encode)
    of, encode = selection.of, form.encode_selected
    return Writer(form.content_type, lambda predictions: encode(map(of, pieces.of(predictions))))
