"""What each of many answers of an upstream server means, and whether its connection may be used again."""

import pytest

from http_protocol import client_connection
from tests.builders import connections
from tests.http_protocol.framing import answers, parser_alone

BROKEN = client_connection.Failure.BROKEN
OK = answers.OK
HELLO = answers.HELLO


def called(case: answers.Case, *pieces: bytes) -> tuple[connections.CalledServer, connections.Outcome]:
    server = connections.CalledServer(limit=answers.LIMIT)
    outcome = server.call(head=case.request)
    server.answer(*pieces)
    if case.after_eof:
        assert outcome.verdict is None, "more could come"
        server.connection.eof_received()
        server.connection.connection_lost(None)
    return server, outcome


def test_every_row_has_a_name_of_its_own() -> None:
    assert len({case.name for case in answers.CASES}) == len(answers.CASES) >= 100


@pytest.mark.parametrize("case", answers.CASES, ids=lambda case: case.name)
def test_each_answer_has_one_meaning(case: answers.Case) -> None:
    server, outcome = called(case, case.sent)
    assert outcome.verdict == case.verdict
    assert server.is_reusable == case.is_reusable
    assert case.is_reusable or case.after_eof or server.transport.is_closing()


@pytest.mark.parametrize("case", [c for c in answers.CASES if len(c.sent) < 5000], ids=lambda case: case.name)
def test_the_meaning_does_not_depend_on_how_the_bytes_arrive(case: answers.Case) -> None:
    for cut in range(1, len(case.sent)):
        server, outcome = called(case, case.sent[:cut], case.sent[cut:])
        assert outcome.verdict == case.verdict, f"cut after {cut} bytes"
        assert server.is_reusable == case.is_reusable, f"cut after {cut} bytes"
    server, outcome = called(case, *(case.sent[i : i + 1] for i in range(len(case.sent))))
    assert outcome.verdict == case.verdict
    assert server.is_reusable == case.is_reusable


@pytest.mark.parametrize("case", [c for c in answers.CASES if c.extra], ids=lambda case: case.name)
def test_what_comes_after_an_answer_reaches_nobody(case: answers.Case) -> None:
    """Whether it comes with the answer or finds the connection free: the next call gets another connection."""
    for cut in (len(case.sent) - case.extra, len(case.sent) - 1):
        server, _ = called(case, case.sent[:cut], case.sent[cut:])
        assert server.transport.is_closing()


@pytest.mark.parametrize("case", answers.CASES, ids=lambda case: case.name)
def test_the_parser_alone_still_says_what_it_said(case: answers.Case) -> None:
    """Where it says something else than we do a check of ours is why; a parser that changes its mind is seen here."""
    assert parser_alone.answers(case.sent) == case.parser_alone


def test_the_parser_alone_is_quoted_only_where_it_differs() -> None:
    assert [case.name for case in answers.CASES if case.alone == case.ours] == []


def test_a_second_call_gets_its_own_answer() -> None:
    server = connections.CalledServer()
    first = server.call()
    server.answer(HELLO)
    second = server.call()
    server.answer(OK + b"Content-Length: 5\r\n\r\nworld")
    assert (first.verdict, second.verdict) == ((200, b"hello"), (200, b"world"))


@pytest.mark.parametrize("stray", [b"!", HELLO, b"\r\n"], ids=["byte", "answer", "empty line"])
def test_a_byte_that_nobody_waits_for_closes_the_connection(stray: bytes) -> None:
    server = connections.CalledServer()
    server.call()
    server.answer(HELLO, stray)
    assert server.transport.is_aborted


def test_a_server_that_hangs_up_while_idle_leaves_no_connection() -> None:
    server = connections.CalledServer()
    server.call()
    server.answer(HELLO)
    assert not server.connection.eof_received(), "the transport closes"
    server.connection.connection_lost(None)
    assert server.lost == [server.connection]


def test_an_answer_before_the_request_was_sent_counts_but_ends_the_connection() -> None:
    server = connections.CalledServer()
    outcome = server.call(body=b"x" * 1_000_000)
    server.transport.unsent = 500_000
    server.answer(b"HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n")
    assert outcome.verdict == (413, b"")
    assert not server.is_reusable
    assert server.transport.is_aborted, "a server that reads no more would keep it for ever"


def test_head_has_no_body_whatever_its_length_says() -> None:
    server = connections.CalledServer()
    outcome = server.call(head=b"HEAD /v2 HTTP/1.1\r\nHost: m\r\n\r\n")
    server.answer(OK + b"Content-Length: 5\r\n\r\n")
    assert outcome.verdict == (200, b"")
    assert server.is_reusable


def test_the_request_is_sent_whole() -> None:
    server = connections.CalledServer()
    server.call(head=b"POST / HTTP/1.1\r\n\r\n", body=b"x" * 200_000)
    assert server.transport.written == b"POST / HTTP/1.1\r\n\r\n" + b"x" * 200_000


def test_a_call_that_takes_too_long_fails_and_its_late_answer_goes_nowhere() -> None:
    server = connections.CalledServer()
    outcome = server.call()
    server.connection.look_at_deadline(58.9)
    assert not outcome.failures
    server.connection.look_at_deadline(59.0)
    server.connection.data_received(HELLO)
    assert outcome.verdict is client_connection.Failure.TIMED_OUT
    assert server.transport.is_aborted


def test_a_cancelled_call_cuts_its_connection_and_says_nothing() -> None:
    server = connections.CalledServer()
    outcome = server.call()
    outcome.call.cancel()
    server.connection.connection_lost(None)
    assert outcome.verdict is None
    assert server.transport.is_aborted


def test_a_lost_connection_fails_the_call_once() -> None:
    server = connections.CalledServer()
    outcome = server.call()
    server.connection.connection_lost(ConnectionResetError())
    assert outcome.verdict is BROKEN
    assert server.lost == [server.connection]
