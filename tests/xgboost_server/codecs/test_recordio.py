"""The frame around records."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xgboost_server.recordings import record
from xgboost_server import errors
from xgboost_server.codecs import recordio

WHOLE = recordio.write([b"one", b"", b"four"])


@given(st.lists(st.binary(max_size=20)))
def test_what_is_written_is_read_back(records: list[bytes]) -> None:
    body = recordio.write(records)
    assert len(body) % 4 == 0
    assert list(recordio.read(body)) == records


@pytest.mark.parametrize("file", sorted(record.FOLDER.glob("*.recordio")), ids=lambda file: file.stem)
def test_what_amazons_writer_wrote_is_read_and_written_alike(file: Path) -> None:
    body = file.read_bytes()
    records = list(recordio.read(body))
    assert len(records) == record.COUNT
    assert recordio.write(records) == body


@given(st.binary(max_size=40), st.integers(0, len(WHOLE)))
def test_any_bytes_are_records_or_refused(noise: bytes, at: int) -> None:
    for body in (noise, WHOLE[:at], WHOLE[:at] + noise + WHOLE[at:]):
        try:
            records = list(recordio.read(body))
        except errors.PayloadError:
            continue
        assert recordio.write(records)[: len(body)].rstrip(b"\0") == body.rstrip(b"\0") or any(records)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"abc", "record 1: the head at byte 0 is cut off", id="no head"),
        pytest.param(b"x" * 8, "record 1: no RecordIO magic number at byte 0", id="no magic number"),
        pytest.param(WHOLE[:-4], "record 3: 4 bytes are announced, 0 are left", id="cut off"),
        pytest.param(WHOLE[:11], "record 1: 3 bytes are announced, 3 are left", id="padding cut off"),
        pytest.param(WHOLE + b"tail", "record 4: the head at byte 32 is cut off", id="tail"),
        pytest.param(
            WHOLE[:4] + b"\xff" * 4 + WHOLE[8:], "record 1: 4294967295 bytes are announced", id="huge"
        ),
    ],
)
def test_what_is_no_record_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said):
        list(recordio.read(body))
