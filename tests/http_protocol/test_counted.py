import sys

import pytest

from http_protocol import counted


@pytest.mark.parametrize("size", [1, 2, 1000, 4095, 4096, 70_000])
def test_the_pieces_come_together_in_order_and_no_byte_more(size: int) -> None:
    sent = bytes(range(256)) * 600
    body = counted.CountedBody(150_000)
    position = 0
    while not body.is_complete:
        position += body.feed(sent[position : position + size])
    assert position == 150_000
    assert body.whole() == sent[:150_000]
    assert body.feed(b"next") == 0


def test_large_and_small_pieces_may_take_turns() -> None:
    body = counted.CountedBody(30_000)
    pieces = [b"a" * 10, b"b" * 10_000, b"c", b"d", b"e" * 15_000, b"f" * 4988]
    assert [body.feed(piece) for piece in pieces] == [len(piece) for piece in pieces]
    assert body.whole() == b"".join(pieces)


def test_an_empty_body_is_complete() -> None:
    body = counted.CountedBody(0)
    assert body.is_complete
    assert (body.feed(b"next"), body.whole()) == (0, b"")


def test_tiny_pieces_cost_no_more_memory_than_they_hold() -> None:
    body = counted.CountedBody(100_000)
    for _ in range(50_000):
        body.feed(b"xy")
    assert sum(sys.getsizeof(piece) for piece in body._pieces) < 120_000
