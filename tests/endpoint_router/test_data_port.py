from endpoint_router import data_port
from http_protocol import limits

MIB = 1024 * 1024


def test_large_bodies_take_a_part_of_the_memory_that_there_is() -> None:
    held = data_port.bounds(256 * MIB, 1).held_bytes
    assert 10 * limits.BODY_BYTES < held < 80 * MIB
    assert data_port.bounds(512 * MIB, 2).held_bytes == held


def test_two_bodies_find_room_however_little_there_is() -> None:
    assert data_port.bounds(32 * MIB, 4).held_bytes == 2 * limits.BODY_BYTES


def test_without_a_limit_there_is_the_usual_one() -> None:
    assert data_port.bounds(None, 1) == limits.Limits()
