"""Media types in headers."""

import pytest

from xgboost_server.codecs import media_type


@pytest.mark.parametrize(
    ("header", "name", "parameters"),
    [
        pytest.param("text/csv", "text/csv", {}, id="plain"),
        pytest.param(" Text/CSV ; Charset=utf-8", "text/csv", {"charset": "utf-8"}, id="case and blanks"),
        pytest.param('text/csv; label_size="1"', "text/csv", {"label_size": "1"}, id="quoted"),
        pytest.param("text/csv;;x", "text/csv", {}, id="broken parameters are dropped"),
        pytest.param("", "", {}, id="empty"),
    ],
)
def test_a_header_gives_name_and_parameters(header: str, name: str, parameters: dict[str, str]) -> None:
    found = media_type.parse(header)
    assert (found.name, dict(found.parameters)) == (name, parameters)


def test_preferences_follow_quality_then_order() -> None:
    found = media_type.preferences(
        "text/plain;q=0.1, text/csv, */*;q=0.5, text/html;q=0, application/json;q=x"
    )
    assert [media.name for media in found] == ["text/csv", "application/json", "*/*", "text/plain"]
