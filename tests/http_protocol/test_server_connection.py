"""Requests on one connection and their answers: in order, each once, none ahead of a client that does not read."""

import math
import statistics
import time

import pytest

from http_protocol import exchanges, server_connection
from tests.builders import connections
from tests.builders.connections import GET, HEAD_OF_POST, a_client


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
