"""What each of many ways to write a request means: requests in order, then perhaps one refusal."""

import pytest

from tests.builders import connections
from tests.http_protocol.framing import (
    cases,
    chunked,
    connection,
    header_lines,
    lengths,
    parser_alone,
    request_line,
)

CASES = [case for table in (request_line, header_lines, lengths, chunked, connection) for case in table.CASES]
_SHORT = 400
_EDGE = 150
"""Bytes at both ends of a long case at which it is cut; the middle of it is padding."""


def verdict(client: connections.ServedClient) -> tuple[cases.Requests, int | None, bool, bool]:
    """Requests seen, status of a refusal, whether nothing more is read, whether more is waited for."""
    answers = [status for status in client.statuses if status != 100]
    refusal = answers[-1] if answers and answers[-1] != 200 else None
    closed = client.transport.has_sent_eof() or client.transport.is_closing()
    return tuple(client.requests), refusal, closed, not answers


def expected(case: cases.Case) -> tuple[cases.Requests, int | None, bool, bool]:
    return case.requests, case.status, case.closed, case.waits


def cuts(sent: bytes) -> list[int]:
    """Where to cut: everywhere, or near both ends of what is long."""
    everywhere = range(1, len(sent))
    return [cut for cut in everywhere if len(sent) <= _SHORT or cut <= _EDGE or cut >= len(sent) - _EDGE]


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_spelling_has_one_meaning(case: cases.Case) -> None:
    client = connections.ServedClient()
    client.send(case.sent)
    assert verdict(client) == expected(case)


@pytest.mark.parametrize("case", [c for c in CASES if len(c.sent) < 5000], ids=lambda case: case.name)
def test_the_meaning_does_not_depend_on_how_the_bytes_arrive(case: cases.Case) -> None:
    client = connections.ServedClient()
    client.send_byte_by_byte(case.sent)
    assert verdict(client) == expected(case)


@pytest.mark.parametrize("case", [c for c in CASES if len(c.sent) < 40_000], ids=lambda case: case.name)
def test_every_split_in_two_means_the_same(case: cases.Case) -> None:
    for cut in cuts(case.sent):
        client = connections.ServedClient()
        client.send(case.sent[:cut], case.sent[cut:])
        assert verdict(client) == expected(case), f"cut after {cut} bytes"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_parser_alone_still_says_what_it_said(case: cases.Case) -> None:
    """Where it says something else than we do a check of ours is why; a parser that changes its mind is seen here."""
    assert parser_alone.requests(case.sent) == case.parser_alone


def test_the_parser_alone_is_quoted_only_where_it_differs() -> None:
    assert [case.name for case in CASES if case.alone == case.ours] == []
