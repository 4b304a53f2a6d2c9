from http_protocol import limits


def test_deadlines_are_looked_at_often_enough_for_the_shortest() -> None:
    assert limits.Limits().tick_seconds() <= 0.5
    assert limits.Limits(head_seconds=0.4).tick_seconds() == 0.1
    assert limits.Limits(head_seconds=0.001).tick_seconds() == 0.01
