"""Which codec a header picks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xgboost_server import errors, matrix, selectable
from xgboost_server.codecs import registry

# What is close to a number, a feature, a list in one of the formats.
TOKENS = st.sampled_from(
    b"1|-1.5e3|0:1|3:-2.5e3|1:|:1|-1:2|1:x|1:1:1|2:nan|1:inf|1_0:1|9:1_0|#|,| |[|]|null|5e307|x|\n".split(
        b"|"
    )
)
BODIES = st.one_of(st.binary(max_size=200), st.lists(TOKENS, max_size=12).map(b"".join))


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        (b"text/csv", "csv"),
        (b"csv", "csv"),
        (b"text/csv; charset=utf-8; label_size=1", "csv"),
        (b"", "libsvm"),
        (b"text/libsvm", "libsvm"),
        (b"text/x-libsvm; charset=utf-8", "libsvm"),
        (b"LibSVM", "libsvm"),
        (b"application/x-recordio-protobuf", "recordio-protobuf"),
        (b"recordio-protobuf", "recordio-protobuf"),
        (b"application/json; charset=utf-8", "json"),
        (b"application/jsonlines", "jsonlines"),
    ],
)
def test_a_content_type_picks_its_reader(content_type: bytes, name: str) -> None:
    assert registry.reader(content_type).name == name


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        pytest.param(
            b"text/plain; a=b", "text/plain; a=b is not an accepted ContentType: text/csv, csv", id="unknown"
        ),
        pytest.param(b"application/x-parquet", "is not an accepted ContentType", id="parquet"),
        pytest.param(
            b"text/csv; label_size=0",
            "label_size=0 is not an accepted csv ContentType. Optional parameter label_size must be equal to 1",
            id="label size",
        ),
        pytest.param(b"\xff\xfe", "is not an accepted ContentType", id="no text"),
    ],
)
def test_an_unreadable_content_type_is_refused_with_415(content_type: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said) as caught:
        registry.reader(content_type)
    assert caught.value.status == 415


CSV, JSON, LINES = "text/csv; charset=utf-8", "application/json", "application/jsonlines"


@pytest.mark.parametrize(
    ("accept", "sent", "default", "content_type"),
    [
        pytest.param(b"", b"text/csv", "", CSV, id="none is CSV"),
        pytest.param(b"", b"", "", CSV, id="neither header is CSV"),
        pytest.param(b"", b"recordio-protobuf", "", CSV, id="none is CSV for recordio"),
        pytest.param(b"", b"application/json", "", JSON, id="none is JSON for JSON"),
        pytest.param(b"*/*", b"application/jsonlines", "", LINES, id="anything is JSON Lines for JSON Lines"),
        pytest.param(b"", b"application/json", "text/csv", CSV, id="none is the default"),
        pytest.param(b"*/*", b"csv", "application/json", JSON, id="anything is the default"),
        pytest.param(b"application/json", b"csv", "", JSON, id="named"),
        pytest.param(b"APPLICATION/JSON", b"csv", "", JSON, id="whatever the case"),
        pytest.param(b"application/json;verbose=true", b"csv", "", JSON, id="parameters"),
        pytest.param(b"text/html, application/json, */*", b"csv", "", JSON, id="the first that is there"),
        pytest.param(b"application/json;q=0.5, text/csv", b"csv", "", CSV, id="quality"),
        pytest.param(b"text/*", b"application/json", "", CSV, id="any text"),
        pytest.param(
            b"application/*", b"application/jsonlines", "", LINES, id="any of a kind is the default"
        ),
        pytest.param(b"Application/*", b"csv", "", JSON, id="any of a kind, else the first that there is"),
        pytest.param(
            b"application/*", b"csv", "application/jsonlines", LINES, id="any of a kind, default set"
        ),
        pytest.param(
            b"image/*, application/*;q=0.5, text/*;q=0.4", b"csv", "", JSON, id="kinds with quality"
        ),
        pytest.param(
            b"application/x-recordio-protobuf", b"csv", "", "application/x-recordio-protobuf", id="recordio"
        ),
    ],
)
def test_accept_picks_the_writer(accept: bytes, sent: bytes, default: str, content_type: str) -> None:
    assert registry.Writers(default=default).find(accept, sent).content_type == content_type


@pytest.mark.parametrize(
    "accept",
    [
        b"text/html",
        b"image/png, text/plain",
        b"text/csv;q=0",
        b"application/",
        b"image/*",
        b"text*",
        b"/*",
        b",",
    ],
)
def test_an_accept_that_nothing_fits_is_refused_with_406_in_awss_words(accept: bytes) -> None:
    with pytest.raises(errors.AcceptError) as caught:
        registry.Writers().find(accept, b"text/csv")
    assert caught.value.status == 406
    assert str(caught.value) == (
        f"Accept type {accept.decode()} is not supported. Please use supported accept types: "
        "['application/json', 'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv']."
    )


def test_batch_mode_changes_the_csv_answer_only() -> None:
    predictions = np.array([[0.25, 0.75]], dtype=np.float32)
    plain, batch = registry.Writers(), registry.Writers(is_batch=True)
    assert plain.find(b"text/csv", b"csv").encode(predictions) == b"0.25,0.75\n"
    assert batch.find(b"text/csv", b"csv").encode(predictions) == b"[0.25, 0.75]\n"
    for accept in (b"application/json", b"application/jsonlines", b"application/x-recordio-protobuf"):
        assert batch.find(accept, b"csv").encode(predictions) == (
            plain.find(accept, b"csv").encode(predictions)
        )


def test_a_selection_is_written_instead_of_the_predictions() -> None:
    selection = selectable.Selection(
        ("predicted_label", "probabilities"), objective="binary:logistic", classes=0
    )
    predictions = np.array([0.75], dtype=np.float32)
    writers = registry.Writers(selection=selection)
    assert writers.find(b"text/csv", b"csv").encode(predictions) == b'1,"[0.25, 0.75]"'
    assert writers.find(b"application/jsonlines", b"csv").encode(predictions) == (
        b'{"predicted_label":1,"probabilities":[0.25,0.75]}\n'
    )
    batch = registry.Writers(selection=selection, is_batch=True)
    assert batch.find(b"text/csv", b"csv").encode(predictions) == b'1,"[0.25, 0.75]"\n'


@pytest.mark.parametrize("reader", dict.fromkeys(registry.READERS.values()), ids=lambda reader: reader.name)
@given(body=BODIES)
def test_any_bytes_are_rows_or_refused(reader: registry.Reader, body: bytes) -> None:
    try:
        blocks = list(reader.decode(body))
        rows = np.concatenate([matrix.widen(block, 1000) for block in blocks])
    except errors.RequestError:
        return
    assert len(rows) > 0
    assert not np.isinf(rows).any()
