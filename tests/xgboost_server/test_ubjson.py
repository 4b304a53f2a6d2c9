"""The walk over UBJ documents."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xgboost_server import models
from xgboost_server import ubjson

WHOLE = models.content(models.a_booster(rounds=1), "ubj")


def key(name: bytes) -> bytes:
    return b"L" + struct.pack(">q", len(name)) + name


@pytest.mark.parametrize(
    ("document", "version"),
    [
        pytest.param(b"{}", None, id="empty"),
        pytest.param(
            b"{" + key(b"version") + b"[#L" + struct.pack(">q", 3) + b"i\x03i\x02i\x00}",
            (3, 2, 0),
            id="counted",
        ),
        pytest.param(
            b"{" + key(b"version") + b"[$l#i\x02" + struct.pack(">ii", 2, 1) + b"}", (2, 1), id="typed"
        ),
        pytest.param(b"{" + key(b"version") + b"Si\x033.2}", None, id="text"),
        pytest.param(
            b"{" + key(b"a") + b"{" + key(b"version") + b"[#i\x01i\x07}}", None, id="not at the root"
        ),
        pytest.param(
            b"{" + key(b"a") + b"[TFZd\0\0\0\0]" + key(b"version") + b"[#i\x01i\x07}",
            (7,),
            id="behind others",
        ),
    ],
)
def test_the_version_is_found_at_the_root(document: bytes, version: tuple[int, ...] | None) -> None:
    assert ubjson.version(document) == version


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[", id="no object"),
        pytest.param(b"{L" + struct.pack(">q", -5), id="negative length"),
        pytest.param(b"{L" + struct.pack(">q", 2**62), id="huge length"),
        pytest.param(b"{" + key(b"a") + b"[$d#L" + struct.pack(">q", 2**61) + b"}", id="huge list"),
        pytest.param(b"{" + key(b"a") + b"[" * 100, id="too deep"),
        pytest.param(b"{" + key(b"a") + b"?", id="unknown marker"),
    ],
)
def test_a_broken_document_is_an_error(document: bytes) -> None:
    with pytest.raises(ubjson.UbjsonError):
        ubjson.version(document)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(position: int, value: int) -> None:
    changed = WHOLE[:position] + bytes([value]) + WHOLE[position + 1 :]
    try:
        found = ubjson.version(changed)
    except ubjson.UbjsonError:
        return
    assert found is None or len(found) <= 8
