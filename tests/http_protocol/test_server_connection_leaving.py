"""Clients that hang up, or only send no more: what is still done for them, and how the one is told from the other."""

import pytest

from tests.builders.connections import GET, HEAD_OF_POST, a_client


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


def test_half_closing_is_no_abort_for_pipelined_requests_either() -> None:
    client = a_client(holds_back=True)
    client.send(GET + GET)
    client.connection.eof_received()
    client.answer_held()
    client.answer_held()
    assert client.statuses == [200, 200]
    assert client.transport.is_closing()


def test_half_closing_in_the_middle_of_a_request_closes() -> None:
    client = a_client()
    client.send(HEAD_OF_POST)
    assert not client.connection.eof_received()
    assert client.transport.is_closing()
    assert client.requests == []


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
