"""Large answers: counted while they come, and held back while there is no memory for them."""

from collections.abc import Callable

import pytest

from http_protocol import budget, client_connection
from tests.builders import connections

LARGE = 100_000
PART = b"x" * 70_000
REST = b"x" * (LARGE - len(PART))
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % LARGE
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"


def two_servers() -> tuple[budget.Budget, connections.CalledServer, connections.CalledServer]:
    """Servers of a client that has memory for one large answer at a time."""
    memory = budget.Budget(LARGE * 3 // 2)
    servers = [connections.CalledServer(limit=LARGE, memory=memory) for _ in range(2)]
    return memory, servers[0], servers[1]


@pytest.mark.parametrize("head", [COUNTED, CHUNKED, ENDLESS], ids=["counted", "chunked", "until the end"])
def test_a_large_answer_is_read_when_there_is_memory_for_it(head: bytes) -> None:
    memory, first, second = two_servers()
    outcomes = first.call(), second.call()
    first.answer(COUNTED, PART)
    second.answer(head, PART)
    assert (first.transport.is_reading(), second.transport.is_reading()) == (True, False)
    first.answer(REST)
    assert outcomes[0].verdict == (200, PART + REST)
    assert second.transport.is_reading()
    second.answer(REST + b"\r\n0\r\n\r\n" if head == CHUNKED else REST)
    second.connection.eof_received()
    assert outcomes[1].verdict == (200, PART + REST)
    assert memory.held == 0


def test_an_answer_that_is_small_or_comes_whole_never_waits() -> None:
    memory, first, second = two_servers()
    memory_of_another = budget.Share(memory)
    memory_of_another.force(LARGE * 2)
    outcome = first.call()
    first.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x" * 50_000)
    assert first.transport.is_reading()
    first.answer(b"x" * 10_000)
    assert outcome.verdict == (200, b"x" * 60_000)
    outcome = second.call()
    second.answer(COUNTED + PART + REST)
    assert outcome.verdict == (200, PART + REST)


ENDS: dict[str, Callable[[connections.CalledServer, connections.Outcome], object]] = {
    "cancelled": lambda _, outcome: outcome.call.cancel(),
    "lost": lambda server, _: server.connection.connection_lost(None),
    "broken off": lambda server, _: server.connection.eof_received(),
    "too late": lambda server, _: server.connection.look_at_deadline(59.0),
}


@pytest.mark.parametrize("which", ["admitted", "waiting"])
@pytest.mark.parametrize("end", ENDS)
def test_a_call_that_ends_before_its_answer_leaves_its_memory_to_the_next(end: str, which: str) -> None:
    memory, first, second = two_servers()
    outcomes = first.call(), second.call()
    for server in (first, second):
        server.answer(COUNTED, PART)
    index = ("admitted", "waiting").index(which)
    leaving, staying = (first, second)[index], (second, first)[index]
    ENDS[end](leaving, outcomes[index])
    assert staying.transport.is_reading()
    staying.answer(REST)
    assert outcomes[1 - index].verdict == (200, PART + REST)
    assert memory.held == 0


def test_who_waits_for_memory_too_long_blames_no_server() -> None:
    _, first, second = two_servers()
    outcomes = first.call(), second.call()
    for server in (first, second):
        server.answer(COUNTED, PART)
    second.connection.look_at_deadline(59.0)
    first.connection.look_at_deadline(59.0)
    assert [outcome.verdict for outcome in outcomes] == [
        client_connection.Failure.TIMED_OUT,
        client_connection.Failure.NO_ROOM,
    ]


def test_an_answer_is_counted_until_who_asked_has_taken_it() -> None:
    memory, first, _ = two_servers()
    outcome = first.call()
    held: list[int] = []
    first.answer(COUNTED, PART)
    outcome.when_answered = lambda: held.append(memory.held)
    first.answer(REST)
    assert (held, memory.held) == ([LARGE], 0)
