import dataclasses
import math
import statistics
import time

import pytest

from http_protocol import exchanges, limits, server_connection
from tests.builders import connections

GET = b"GET /g HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD_OF_POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
BOUNDS = limits.Limits(
    body_bytes=100_000,
    idle_seconds=70,
    head_seconds=10,
    body_seconds=30,
    write_seconds=40,
    linger_seconds=2,
    connections=3,
)


def a_client(*, holds_back: bool = False) -> connections.ServedClient:
    return connections.ServedClient(bounds=BOUNDS, holds_back=holds_back)


def test_requests_are_handled_one_at_a_time_and_answered_in_order() -> None:
    client = a_client(holds_back=True)
    client.send(*(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(5)))
    for i in range(5):
        assert len(client.held) == 1
        client.answer_held()
        assert client.transport.written.endswith(b"GET /%d " % i)
    assert [target for _, target, _ in client.requests] == [f"/{i}" for i in range(5)]


def test_thousands_of_requests_in_one_read_are_answered_without_starving_others() -> None:
    client = a_client()
    client.connection.data_received(GET * 5000)
    in_one_turn = len(client.requests)
    client.loop.run()
    assert in_one_turn <= 32
    assert client.statuses == [200] * 5000


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        HEAD_OF_POST + b"hello",
        b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    ],
    ids=["get", "length", "chunks"],
)
def test_a_request_of_a_long_pipeline_costs_what_it_costs_in_a_short_one(request_: bytes) -> None:
    def forget(data: bytes | bytearray | memoryview) -> None:
        del data

    def seconds(times: int) -> float:
        client = a_client()
        client.transport.write = forget  # type: ignore[method-assign]  # it would keep all of it
        before = time.thread_time()
        client.send(request_ * times)
        assert len(client.requests) == times
        return (time.thread_time() - before) / times

    seconds(100)
    assert seconds(40_000) < 5 * statistics.median(seconds(400) for _ in range(9)), "not a hundred times"


def test_reading_stops_while_a_client_is_far_ahead_and_goes_on_afterwards() -> None:
    client = a_client(holds_back=True)
    client.send(GET, GET * 1000)
    assert client.transport.is_reading()
    client.send(GET * 2000)
    assert not client.transport.is_reading()
    client.answer_held()
    assert client.transport.is_reading()


def test_nothing_is_parsed_while_the_client_does_not_read_its_answers() -> None:
    client = a_client()
    client.connection.pause_writing()
    client.send(GET)
    assert client.requests == []
    client.connection.resume_writing()
    client.loop.run()
    assert client.statuses == [200]


def test_a_pipeline_stops_in_the_middle_when_the_client_stops_reading() -> None:
    client = a_client(holds_back=True)
    client.send(GET * 3)
    client.connection.pause_writing()
    client.answer_held()
    assert len(client.requests) == 1
    client.connection.resume_writing()
    client.loop.run()
    assert len(client.requests) == 2


def test_an_answer_can_come_later_but_only_once() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    exchange = client.held[0]
    exchange.respond(200, b"", b"first")
    exchange.respond(200, b"", b"second")
    assert client.transport.written.count(b"HTTP/1.1 200") == 1
    assert client.transport.written.endswith(b"first")


def test_a_late_second_answer_does_not_answer_the_next_request() -> None:
    client = a_client(holds_back=True)
    client.send(GET, GET)
    first = client.held[0]
    client.answer_held()
    first.respond(200, b"", b"to the wrong one")
    assert b"wrong" not in client.transport.written


def test_a_client_that_leaves_aborts_its_exchange_once() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    aborts: list[str] = []
    client.held[0].on_abort = lambda: aborts.append("left")
    client.connection.connection_lost(ConnectionResetError())
    client.held[0].respond(200, b"", b"too late")
    assert aborts == ["left"]
    assert client.transport.written == b""


def test_a_client_that_leaves_after_its_answer_aborts_nothing() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.held[0].on_abort = lambda: pytest.fail("aborted")
    client.answer_held()
    client.connection.connection_lost(None)


def test_half_closing_after_a_whole_request_is_no_abort() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.held[0].on_abort = lambda: pytest.fail("aborted")
    assert client.connection.eof_received(), "the transport must stay open"
    client.answer_held()
    assert b"Connection: close\r\n" in client.transport.written
    assert client.transport.is_closing()


def test_a_client_that_closed_is_found_out_by_an_answer_that_means_nothing() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.pass_time(1)
    client.connection.eof_received()
    assert client.transport.written == b"", "most answers come before anybody has to ask"
    client.pass_time(1)
    client.pass_time(1)
    client.pass_time(1)
    assert client.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.answer_held()
    assert client.statuses == [100, 200]


def test_an_answer_does_not_come_in_the_middle_of_one_that_means_nothing() -> None:
    client = a_client(holds_back=True)
    client.send(GET + GET)
    client.connection.eof_received()
    for _ in range(2):
        client.pass_time(1)
        client.answer_held()
    assert client.transport.written.count(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") == 2


def test_http_1_0_knows_no_answers_that_mean_nothing() -> None:
    client = a_client(holds_back=True)
    client.send(b"GET /g HTTP/1.0\r\n\r\n")
    client.connection.eof_received()
    client.pass_time(1)
    client.answer_held()
    assert client.statuses == [200]


def test_half_closing_in_the_middle_of_a_request_closes() -> None:
    client = a_client()
    client.send(HEAD_OF_POST)
    assert not client.connection.eof_received()
    assert client.transport.is_closing()
    assert client.requests == []


def test_half_closing_is_no_abort_for_pipelined_requests_either() -> None:
    client = a_client(holds_back=True)
    client.send(GET + GET)
    client.connection.eof_received()
    client.answer_held()
    client.answer_held()
    assert client.statuses == [200, 200]
    assert client.transport.is_closing()


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


def test_a_chunked_body_may_not_consist_of_framing() -> None:
    client = connections.ServedClient()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(*([b"1;" + b"a" * 4000 + b"\r\nx\r\n"] * 300))
    assert client.statuses == [413]


def test_after_a_refusal_input_is_dropped_until_the_client_has_read_it() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n", b"x" * 100_000, GET)
    assert client.statuses == [413]
    assert client.transport.has_sent_eof()
    assert not client.transport.is_closing(), "closing now would destroy the answer on its way"
    client.pass_time(2)
    assert client.transport.is_closing()


def test_a_slow_upload_is_read_to_its_end_after_a_refusal_or_its_client_could_not_read_why() -> None:
    client = a_client()
    client.send(b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n")
    for _ in range(20):
        client.send(b"x" * 1_000_000)
        client.pass_time(1)
    assert not client.transport.is_closing()
    client.pass_time(1)
    assert client.transport.is_closing()


def test_a_client_that_sends_on_and_on_after_a_refusal_is_left_all_the_same() -> None:
    client = a_client()
    client.send(b"garbage\r\n\r\n")
    for _ in range(30):
        client.send(b"x")
        client.pass_time(1)
    assert client.transport.is_closing()


def test_a_connection_over_the_cap_cannot_make_itself_wanted() -> None:
    client = a_client()
    client.site.connections.update(server_connection.Connection(client.site) for _ in range(3))
    late = connections.ManualTransport()
    connection = server_connection.Connection(client.site)
    connection.connection_made(late)
    for _ in range(2):
        connection.data_received(b"x")
        client.loop.now += 1
        connection.look_at_deadline(client.loop.now)
    assert late.is_closing()


def test_what_was_answered_but_never_read_does_not_keep_a_closed_connection() -> None:
    client = a_client()
    client.send(b"GET /g HTTP/1.0\r\n\r\n")
    client.transport.unsent = 1000
    client.pass_time(2)
    assert client.transport.is_closing()
    client.pass_time(39)
    assert not client.transport.is_aborted
    client.pass_time(1)
    assert client.transport.is_aborted


def test_an_empty_line_after_a_request_does_not_keep_an_idle_connection() -> None:
    client = a_client()
    client.send(GET + b"\r\n")
    client.pass_time(70)
    assert client.transport.is_closing()


@pytest.mark.parametrize(
    ("sent", "seconds", "statuses"),
    [
        (b"", 70, []),
        (GET, 70, [200]),
        (b"GET /g HTTP/1.1\r\nHo", 10, [408]),
        (GET + b"GET /g HTTP/1.1\r\nHo", 10, [200, 408]),
        (b"\r", 10, [408]),
        (HEAD_OF_POST + b"hell", 30, [408]),
        (b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 30, [408]),
    ],
    ids=["nothing sent", "idle", "head", "second head", "empty line", "body", "chunked body"],
)
def test_a_slow_client_is_told_and_left(sent: bytes, seconds: float, statuses: list[int]) -> None:
    client = a_client()
    client.send(sent)
    client.pass_time(seconds - 0.1)
    assert not client.transport.has_sent_eof()
    client.pass_time(0.1)
    assert client.statuses == statuses
    assert client.transport.has_sent_eof() or client.transport.is_closing()


def test_a_byte_now_and_then_does_not_stretch_the_time_for_a_head() -> None:
    client = a_client()
    for i in range(11):
        client.send(GET[i : i + 1])
        client.pass_time(1)
    assert client.statuses == [408]


def test_a_request_with_the_handler_has_all_the_time_it_takes() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.pass_time(10_000)
    client.answer_held()
    assert client.statuses == [200]


def test_a_client_that_does_not_read_is_cut() -> None:
    client = a_client()
    client.send(GET)
    client.connection.pause_writing()
    client.pass_time(40)
    assert client.transport.is_aborted


def test_while_draining_every_answer_says_close_and_is_the_last() -> None:
    client = a_client()
    client.send(GET)
    client.site.draining = True
    client.send(GET + GET)
    first, second = client.transport.written.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert b"Connection:" not in first
    assert b"Connection: close\r\n" in second
    assert client.transport.has_sent_eof()


def test_http_1_0_is_told_that_the_connection_stays() -> None:
    client = a_client()
    client.send(b"GET /g HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"Connection: keep-alive\r\n" in client.transport.written


def test_head_is_answered_without_a_body_but_with_its_length() -> None:
    client = a_client()
    client.send(b"HEAD /g HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"Content-Length: 8\r\n" in client.transport.written
    assert client.transport.written.endswith(b"\r\n\r\n")


def test_no_content_has_neither_body_nor_length() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.held[0].respond(204, b"", b"ignored")
    assert b"Content-Length" not in client.transport.written
    assert client.transport.written.endswith(b"\r\n\r\n")


LARGE = 100_000
HEAD_OF_LARGE = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % LARGE


def two_clients(*, body_seconds: float = 30) -> tuple[connections.ServedClient, connections.ServedClient]:
    """Clients of a server that has memory for one large body at a time."""
    bounds = dataclasses.replace(BOUNDS, held_bytes=LARGE * 3 // 2, body_seconds=body_seconds)
    first = connections.ServedClient(bounds=bounds, holds_back=True)
    return first, connections.ServedClient(bounds=bounds, holds_back=True, beside=first)


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
    first.send(GET)
    first.transport.unsent = 200_000
    first.connection.pause_writing()
    second.send(HEAD_OF_LARGE)
    assert not second.transport.is_reading()
    first.connection.resume_writing()
    assert second.transport.is_reading()


def test_a_large_body_is_sent_whole() -> None:
    client = a_client(holds_back=True)
    client.send(GET)
    client.held[0].respond(200, b"X: y\r\n", b"z" * 1_000_000)
    head, _, body = client.transport.written.partition(b"\r\n\r\n")
    assert b"Content-Length: 1000000" in head
    assert b"X: y" in head
    assert body == b"z" * 1_000_000


def test_connections_over_the_cap_are_refused_and_others_are_not() -> None:
    first = a_client()
    transports = []
    for _ in range(3):
        transport = connections.ManualTransport()
        server_connection.Connection(first.site).connection_made(transport)
        transports.append(transport)
    assert [transport.written[9:12] for transport in transports] == [b"", b"", b"503"]
    first.send(GET)
    assert first.statuses == [200]


def test_a_handler_that_raises_costs_500_and_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    client = a_client()

    def broken(exchange: exchanges.Exchange) -> None:
        raise ZeroDivisionError(exchange.request.target)

    client.site.handler = broken
    client.send(GET + GET)
    assert client.statuses == [500]
    assert "ZeroDivisionError" in caplog.text


def test_a_closed_connection_is_forgotten() -> None:
    client = a_client()
    client.connection.connection_lost(None)
    assert client.site.connections == set()
    client.connection.look_at_deadline(math.inf)
