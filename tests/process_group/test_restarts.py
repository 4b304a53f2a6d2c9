"""Back-off, and signs of life."""

from process_group import restarts


def test_each_restart_waits_twice_as_long_up_to_a_bound() -> None:
    again = restarts.Restarts(first=0.1, longest=1.0)
    assert [round(again.wait(0.0), 3) for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_long_life_is_no_failure() -> None:
    again = restarts.Restarts(first=0.1, long_life=10.0)
    again.wait(0.0)
    again.wait(9.9)
    assert again.wait(10.0) == 0.1
    assert again.wait(0.0) == 0.2


def test_many_failures_do_not_overflow() -> None:
    again = restarts.Restarts()
    assert {again.wait(0.0) for _ in range(5000)} <= {0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0}


def test_a_worker_is_stuck_when_its_number_stands_still_for_many_looks() -> None:
    pulse = restarts.Pulse()
    assert not any(pulse.is_stuck(number) for number in range(100))
    looks = [pulse.is_stuck(99) for _ in range(restarts.STUCK_AFTER)]
    assert looks == [False] * (restarts.STUCK_AFTER - 1) + [True]
    assert not pulse.is_stuck(100)


def test_how_a_process_ended_is_said_in_words() -> None:
    assert restarts.how_it_ended(3) == "with exit code 3"
    assert restarts.how_it_ended(-9) == "by SIGKILL"
