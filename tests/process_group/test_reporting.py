"""A worker's clock tick."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from process_group import accepting, board, listening, reporting
from tests.builders import waiting


class Counts:
    """What is posted, and how many connections there are."""

    def __init__(self) -> None:
        self.document = b"1"
        self.connections = 0


@pytest.fixture
async def shared() -> AsyncIterator[board.Board]:
    made = board.Board(1)
    yield made
    os.close(made.descriptor)


async def test_counts_and_connections_are_posted_at_once_then_often_and_at_the_end(
    shared: board.Board,
) -> None:
    counts = Counts()
    acceptor = accepting.Acceptor(
        listening.listen("127.0.0.1", 0),
        asyncio.Protocol,
        count=lambda: counts.connections,
        shared=shared,
        place=0,
    )
    reporter = reporting.Reporter(shared, 0, lambda: counts.document, acceptor)
    assert shared.read(0) == b"1"
    counts.document, counts.connections = b"2", 7
    await waiting.until(lambda: shared.read(0) == b"2")
    assert shared.fewest_connections() == 7
    acceptor.close()
    counts.document = b"3"
    reporter.close()
    assert shared.read(0) == b"3"
    assert shared.pids() == [], "a last report is no sign of accepting"
