import pytest

from model_loader import statuses


def test_a_status_is_found_in_what_obstore_says() -> None:
    assert statuses.find("Server returned non-2xx status code: 403 Forbidden: <Error>") == "403"
    assert statuses.find("HTTP error: error sending request") is None


@pytest.mark.parametrize(
    ("status", "may_pass"),
    [
        ("400", False),
        ("403", False),
        ("404", False),
        *((each, True) for each in ("408", "425", "429", "500", "503")),
    ],
)
def test_what_hurry_or_load_caused_may_pass(status: str, may_pass: bool) -> None:
    assert statuses.may_pass(status) is may_pass
