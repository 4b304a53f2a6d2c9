"""A process is known by its id and its start time."""

import os
import subprocess

from tests.cluster import processes


def test_our_own_process_is_alive() -> None:
    started = processes.start_time(os.getpid())
    assert started is not None
    assert processes.Process(os.getpid(), started).is_alive


def test_an_id_used_again_is_not_the_old_process() -> None:
    assert not processes.Process(os.getpid(), 1).is_alive


def test_a_process_that_has_ended_but_was_not_waited_for_is_not_alive() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert processes.start_time(child.pid) is None
