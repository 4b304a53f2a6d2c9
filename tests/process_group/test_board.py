"""Memory with one writer a place: what is read is always whole."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from process_group import board

HEADER = 16
"""Bytes before a post's document."""

SOURCES = str(Path(board.__file__).parents[1])
ENDLESS_WRITER = """
import sys
from process_group import board
shared = board.Board(2, int(sys.argv[1]))
number = 0
while True:
    number += 1
    shared.post(0, b"%d " % number * 500)
"""


@pytest.fixture
def shared() -> Iterator[board.Board]:
    made = board.Board(2)
    yield made
    os.close(made.descriptor)


def test_each_place_holds_what_was_posted_last_also_for_another_process(shared: board.Board) -> None:
    seen_from_elsewhere = board.Board(2, shared.descriptor)
    assert shared.read(0) == b""
    for number in range(5):
        shared.post(0, b"first %d" % number)
        assert seen_from_elsewhere.read(0) == b"first %d" % number
    seen_from_elsewhere.post(1, b"second")
    assert (shared.read(0), shared.read(1)) == (b"first 4", b"second")
    assert (shared.posts(0), shared.posts(1)) == (5, 1)


@pytest.mark.parametrize("longer", [b"", b"and longer"])
def test_a_writer_killed_in_the_middle_leaves_the_post_before(shared: board.Board, longer: bytes) -> None:
    shared.post(0, b"one")
    shared.post(0, b"two")
    shared.post(0, b"three" + longer)
    at = shared._memory.find(b"three")
    shared._memory[at : at + 5] = b"thr\0\0"
    assert shared.read(0) == b"two"
    shared.post(0, b"four")
    assert shared.read(0) == b"four", "its successor goes on"


def test_a_header_without_its_document_is_no_post(shared: board.Board) -> None:
    shared.post(0, b"one")
    shared.post(0, b"two")
    at = shared._memory.find(b"two") - HEADER
    shared._memory[at : at + HEADER] = b"\xff" * HEADER
    assert shared.read(0) == b"one"


def test_a_reader_never_sees_half_of_a_post(shared: board.Board) -> None:
    command = [sys.executable, "-c", ENDLESS_WRITER, str(shared.descriptor)]
    with subprocess.Popen(command, pass_fds=[shared.descriptor], env={"PYTHONPATH": SOURCES}) as writer:
        seen: set[bytes] = set()
        while len(seen) < 200:
            words = set(shared.read(0).split())
            assert len(words) <= 1, "all words of one post are the same"
            seen |= words
        writer.kill()


def test_a_document_that_has_no_room_is_refused(shared: board.Board) -> None:
    shared.post(0, b"fits")
    with pytest.raises(ValueError, match="do not fit"):
        shared.post(0, bytes(4 * 1024 * 1024))
    assert shared.read(0) == b"fits"


def test_only_workers_that_accept_count(shared: board.Board) -> None:
    assert shared.pids() == []
    shared.note_connections(1, 7)
    assert shared.fewest_connections() == 7
    shared.note_connections(0, 3)
    assert shared.fewest_connections() == 3
    shared.leave(0)
    assert (shared.fewest_connections(), shared.pids()) == (7, [os.getpid()])


def test_a_board_knows_the_parent_of_the_group(shared: board.Board) -> None:
    assert shared.parent == os.getpid()
    assert board.Board(2, shared.descriptor).parent == os.getppid(), "who is given the memory is a child"
