"""What each of many answers of an upstream server means, and whether its connection may be used again."""

from dataclasses import dataclass

import pytest

from http_protocol import client_connection
from tests.builders import connections

GARBAGE = client_connection.Failure.GARBAGE
BROKEN = client_connection.Failure.BROKEN
TOO_LARGE = client_connection.Failure.TOO_LARGE
LIMIT = 100_000
OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """The ``verdict`` after ``sent``; some need the end of the stream for it."""

    name: str
    sent: bytes
    verdict: object
    is_reusable: bool = False
    needs_eof: bool = False


CASES = [
    Case("length", HELLO, (200, b"hello"), is_reusable=True),
    Case("length 0", OK + b"Content-Length: 0\r\n\r\n", (200, b""), is_reusable=True),
    Case("chunks", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", (200, b"hello"), is_reusable=True),
    Case(
        "chunks with trailers",
        CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
        (200, b"hello"),
        is_reusable=True,
    ),
    Case("no content", b"HTTP/1.1 204 No Content\r\n\r\n", (204, b""), is_reusable=True),
    Case(
        "not modified with a length",
        b"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
        (304, b""),
        is_reusable=True,
    ),
    Case(
        "error status", b"HTTP/1.1 500 x\r\nContent-Length: 4\r\n\r\noops", (500, b"oops"), is_reusable=True
    ),
    Case("no reason phrase", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", (200, b""), is_reusable=True),
    Case("continue first", b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO, (200, b"hello"), is_reusable=True),
    Case(
        "early hints first", b"HTTP/1.1 103 x\r\nLink: y\r\n\r\n" + HELLO, (200, b"hello"), is_reusable=True
    ),
    Case("until the end", OK + b"\r\nhello", (200, b"hello"), needs_eof=True),
    Case("http 1.0 until the end", b"HTTP/1.0 200 OK\r\n\r\nhello", (200, b"hello"), needs_eof=True),
    Case("http 1.0 with length", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", (200, b"hello")),
    Case(
        "http 1.0 kept alive",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        (200, b"hello"),
        is_reusable=True,
    ),
    Case("close", OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", (200, b"hello")),
    Case("a second answer", HELLO + HELLO, (200, b"hello")),
    Case("one byte too many", HELLO + b"!", (200, b"hello")),
    Case("a byte after the chunks", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n!", (200, b"hello")),
    Case("a byte after no content", b"HTTP/1.1 204 x\r\n\r\n!", (204, b"")),
    Case("a body after no content", b"HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\nhello", (204, b"")),
    Case("nothing", b"", BROKEN, needs_eof=True),
    Case("half a head", b"HTTP/1.1 200 OK\r\nConte", BROKEN, needs_eof=True),
    Case("half a body", OK + b"Content-Length: 6\r\n\r\nhello", BROKEN, needs_eof=True),
    Case("half a chunk", CHUNKED + b"5\r\nhel", BROKEN, needs_eof=True),
    Case("no last chunk", CHUNKED + b"5\r\nhello\r\n", BROKEN, needs_eof=True),
    Case("only a continue", b"HTTP/1.1 100 Continue\r\n\r\n", BROKEN, needs_eof=True),
    Case("garbage", b"\x00\x01garbage\r\n\r\n", GARBAGE),
    Case("an older protocol", b"ICY 200 OK\r\n\r\n", GARBAGE),
    Case("http 2", b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", GARBAGE),
    Case("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", GARBAGE),
    Case("status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", GARBAGE),
    Case("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n", GARBAGE),
    Case("header without a colon", OK + b"garbage\r\n\r\n", GARBAGE),
    Case("folded header", OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", GARBAGE),
    Case("length and coding", OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", GARBAGE),
    Case("two lengths", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", GARBAGE),
    Case("a length that is none", OK + b"Content-Length: five\r\n\r\nhello", GARBAGE),
    Case("gzip, chunked", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", GARBAGE),
    Case("a bad chunk size", CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", GARBAGE),
    Case("switching protocols", b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", GARBAGE),
    Case("endless interim answers", b"HTTP/1.1 102 x\r\n\r\n" * 9 + HELLO, GARBAGE),
    Case("a head over 32 KiB", OK + b"X: " + b"y" * 33_000 + b"\r\n\r\n", GARBAGE),
    Case("a length over the limit", OK + b"Content-Length: 100001\r\n\r\n", TOO_LARGE),
    Case("chunks over the limit", CHUNKED + b"186A1\r\n", TOO_LARGE),
    Case("until the end over the limit", OK + b"\r\n" + b"x" * 100_001, TOO_LARGE),
]
TOO_MUCH = ("a second answer", "one byte too many")


def check(case: Case, *pieces: bytes) -> None:
    server = connections.CalledServer(limit=LIMIT)
    outcome = server.call()
    server.answer(*pieces)
    assert (outcome.verdict is None) == case.needs_eof
    if case.needs_eof:
        server.connection.eof_received()
        server.connection.connection_lost(None)
    assert outcome.verdict == case.verdict
    assert server.is_reusable == case.is_reusable


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_answer_has_one_meaning(case: Case) -> None:
    check(case, case.sent)


@pytest.mark.parametrize(
    "case", [c for c in CASES if len(c.sent) < 1000 and " after " not in c.name], ids=lambda case: case.name
)
def test_the_meaning_does_not_depend_on_how_the_bytes_arrive(case: Case) -> None:
    if case.name not in TOO_MUCH:
        check(case, *(case.sent[i : i + 1] for i in range(len(case.sent))))
    for cut in range(1, len(case.sent)):
        server = connections.CalledServer(limit=LIMIT)
        outcome = server.call()
        server.answer(case.sent[:cut], case.sent[cut:])
        if case.needs_eof:
            server.connection.eof_received()
        assert outcome.verdict == case.verdict, f"cut after {cut} bytes"
        assert server.transport.is_closing() or case.is_reusable


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
