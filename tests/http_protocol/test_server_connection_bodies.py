"""Bodies of requests: asked for, bounded, and held back while there is no memory for them."""

import dataclasses

import pytest

from tests.builders import connections
from tests.builders.connections import a_client

LARGE = 100_000
HEAD_OF_LARGE = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % LARGE


def two_clients() -> tuple[connections.ServedClient, connections.ServedClient]:
    """Clients of a server that has memory for one large body at a time."""
    bounds = dataclasses.replace(connections.BOUNDS, held_bytes=LARGE * 3 // 2)
    first = connections.ServedClient(bounds=bounds, holds_back=True)
    return first, connections.ServedClient(bounds=bounds, holds_back=True, beside=first)


def test_continue_is_said_when_the_body_is_waited_for() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"hello")
    assert client.statuses == [100, 200]


def test_continue_is_not_said_to_a_body_that_is_too_large() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 100001\r\n\r\n")
    assert client.statuses == [413]


def test_continue_is_not_said_to_http_1_0() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert client.transport.written == b""


def test_a_body_that_comes_in_pieces_is_whole_for_the_handler() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", *([b"x" * 1000] * 100))
    assert client.requests == [("POST", "/p", b"x" * 100_000)]


def test_a_chunked_body_over_the_limit_is_refused_when_it_passes_it() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(*([b"2710\r\n" + b"x" * 10_000 + b"\r\n"] * 11))
    assert client.statuses == [413]


def test_a_refusal_knows_the_path_while_the_body_comes_and_no_longer() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", b"he")
    client.pass_time(30)
    assert client.transport.written.endswith(b"408 /p the request did not arrive in time")
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", b"GET")
    client.pass_time(30)
    assert client.transport.written.endswith(b"408  the request did not arrive in time")


def test_a_chunked_body_may_not_consist_of_framing() -> None:
    client = connections.ServedClient()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(*([b"1;" + b"a" * 4000 + b"\r\nx\r\n"] * 300))
    assert client.statuses == [413]


def test_a_large_body_is_read_when_there_is_memory_for_it() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE, b"x" * LARGE)
    second.send(HEAD_OF_LARGE, b"y" * 10)
    assert not second.transport.is_reading(), "its client is held back"
    first.answer_held()
    assert second.transport.is_reading()
    second.send(b"y" * (LARGE - 10))
    second.answer_held()
    assert second.statuses == [200]
    assert first.site.budget.held == 0


def test_a_large_body_that_comes_in_one_piece_takes_memory_too() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE + b"x" * LARGE)
    assert first.site.budget.held == LARGE
    second.send(HEAD_OF_LARGE, b"y" * 10)
    assert not second.transport.is_reading()
    first.answer_held()
    assert second.transport.is_reading()
    assert second.site.budget.held == LARGE


def test_a_large_chunked_body_is_held_back_likewise_and_a_small_one_never() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE, b"x" * LARGE)
    head = b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    second.send(head, b"5\r\nhel", b"lo\r\n0\r\n\r\n")
    second.answer_held()
    assert second.statuses == [200]
    second.send(head, b"13880\r\n" + b"x" * 70_000)
    assert not second.transport.is_reading()


def test_who_waits_for_memory_too_long_is_told_to_come_back() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE, b"x" * LARGE)
    second.send(HEAD_OF_LARGE)
    second.pass_time(30)
    assert second.statuses == [503]
    assert not second.connection._share.is_waiting


def test_the_time_for_a_body_begins_when_there_is_memory_for_it() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE, b"x" * LARGE)
    second.send(HEAD_OF_LARGE)
    second.pass_time(20)
    first.answer_held()
    second.pass_time(20)
    assert second.statuses == []


CHUNKS = b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n14000\r\n" + b"x" * 70_000


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(HEAD_OF_LARGE, 10), (HEAD_OF_LARGE + b"x" * 65_536, 11), (CHUNKS, 11)],
    ids=["only a head", "the half", "chunks"],
)
def test_who_is_slow_with_a_large_body_makes_room_for_those_who_wait(sent: bytes, seconds: float) -> None:
    first, second = two_clients()
    first.send(sent)
    second.send(HEAD_OF_LARGE, b"y" * 10)
    first.pass_time(seconds - 0.1)
    assert not second.transport.is_reading()
    first.pass_time(0.2)
    assert first.statuses == [408]
    assert second.transport.is_reading()


def test_who_is_slow_with_a_large_body_is_waited_for_while_nobody_else_waits() -> None:
    first, _ = two_clients()
    first.send(HEAD_OF_LARGE)
    first.pass_time(29)
    first.send(b"x" * LARGE)
    first.answer_held()
    assert first.statuses == [200]


@pytest.mark.parametrize("which", ["first", "second"])
def test_who_leaves_takes_his_share_along(which: str) -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE)
    second.send(HEAD_OF_LARGE)
    leaving, staying = (first, second) if which == "first" else (second, first)
    leaving.connection.connection_lost(None)
    staying.send(b"x" * LARGE)
    staying.answer_held()
    assert staying.statuses == [200]
    assert staying.site.budget.held == 0


def test_answers_that_nobody_reads_leave_no_memory_for_large_bodies() -> None:
    first, second = two_clients()
    first.send(HEAD_OF_LARGE, b"x" * LARGE)
    first.transport.unsent, first.transport.when_full = 70_000, first.connection.pause_writing
    first.answer_held()
    assert first.site.budget.held == LARGE + len("POST /p "), "all of it, until the last byte is sent"
    second.send(HEAD_OF_LARGE)
    assert not second.transport.is_reading()
    first.connection.resume_writing()
    assert second.transport.is_reading()
