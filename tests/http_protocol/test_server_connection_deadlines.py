"""How long a connection is kept: for a slow client, for an idle one, and after a refusal."""

import pytest

from http_protocol import server_connection
from tests.builders import connections
from tests.builders.connections import GET, HEAD_OF_POST, a_client


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


def test_an_empty_line_after_a_request_does_not_keep_an_idle_connection() -> None:
    client = a_client()
    client.send(GET + b"\r\n")
    client.pass_time(70)
    assert client.transport.is_closing()


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
