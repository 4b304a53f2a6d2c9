"""What is sent is what users send."""

import httptools
import pytest

from tests.bench import comparison, contender

SOMEBODY = contender.Contender(name="nginx", version="1", command=["true"], port=1)


class Fields:
    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.values[name.lower()] = value


@pytest.mark.parametrize(
    "scenario", [*comparison.ROUTER.scenarios, *comparison.SERVER.scenarios], ids=lambda s: s.name
)
def test_every_request_is_whole_and_within_the_limits(scenario: contender.Scenario) -> None:
    request = scenario.requests(SOMEBODY)[0]
    fields = Fields()
    httptools.HttpRequestParser(fields).feed_data(request)
    body = request.partition(b"\r\n\r\n")[2]
    assert int(fields.values[b"content-length"]) == len(body) <= 6 * 1024 * 1024
    assert b"host" in fields.values


def test_a_row_is_170_bytes_and_large_bodies_are_as_large_as_they_are_called() -> None:
    sizes = {
        scenario.name: len(scenario.requests(SOMEBODY)[0].partition(b"\r\n\r\n")[2])
        for scenario in comparison.ROUTER.scenarios
    }
    assert sizes["row, c=1"] == 170
    assert 64 * 1024 - 200 < sizes["64 KiB, c=16"] <= 64 * 1024
    assert 6 * 1024 * 1024 - 200 < sizes["6 MiB, c=4"] <= 6 * 1024 * 1024


def test_no_two_signed_requests_have_the_same_head() -> None:
    (scenario,) = (item for item in comparison.ROUTER.scenarios if item.name == "signed row, c=32")
    requests = scenario.requests(SOMEBODY)
    assert len(set(requests)) == len(requests) > 1000
