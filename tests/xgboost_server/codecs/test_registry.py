"""Which codec a header picks."""

import pytest

from xgboost_server import errors
from xgboost_server.codecs import registry


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        (b"text/csv", "csv"),
        (b"csv", "csv"),
        (b"text/csv; charset=utf-8; label_size=1", "csv"),
        (b"application/json; charset=utf-8", "json"),
    ],
)
def test_a_content_type_picks_its_reader(content_type: bytes, name: str) -> None:
    assert registry.reader(content_type).name == name


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        pytest.param(b"", "missing, which means libsvm", id="missing"),
        pytest.param(
            b"text/libsvm", "text/libsvm is not an accepted Content-Type: text/csv, csv", id="unknown"
        ),
        pytest.param(b"text/csv; label_size=0", "label_size=0 is not accepted", id="label size"),
        pytest.param(b"\xff\xfe", "is not an accepted Content-Type", id="no text"),
    ],
)
def test_an_unreadable_content_type_is_refused_with_415(content_type: bytes, said: str) -> None:
    with pytest.raises(errors.PayloadError, match=said) as caught:
        registry.reader(content_type)
    assert caught.value.status == 415


CSV, JSON = "text/csv; charset=utf-8", "application/json"


@pytest.mark.parametrize(
    ("accept", "default", "content_type"),
    [
        pytest.param(b"", "text/csv", CSV, id="none is the default"),
        pytest.param(b"*/*", "application/json", JSON, id="anything is the default"),
        pytest.param(b"application/json", "text/csv", JSON, id="named"),
        pytest.param(b"application/json;verbose=true", "text/csv", JSON, id="parameters"),
        pytest.param(b"text/html, application/json, */*", "text/csv", JSON, id="the first that is there"),
        pytest.param(b"application/json;q=0.5, text/csv", "text/csv", CSV, id="quality"),
    ],
)
def test_accept_picks_the_writer(accept: bytes, default: str, content_type: str) -> None:
    assert registry.writer(accept, default).content_type == content_type


@pytest.mark.parametrize("accept", [b"text/html", b"image/png, text/plain", b"text/csv;q=0", b"application/"])
def test_an_accept_that_nothing_fits_is_refused_with_406(accept: bytes) -> None:
    with pytest.raises(errors.AcceptError, match="is not supported") as caught:
        registry.writer(accept, "text/csv")
    assert caught.value.status == 406
