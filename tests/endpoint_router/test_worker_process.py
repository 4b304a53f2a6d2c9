import socket
import subprocess
from collections.abc import Iterator

import pytest

from endpoint_router import worker_process
from process_group import listening
from tests.builders import process_tree


@pytest.fixture
def launcher() -> Iterator[worker_process.Launcher]:
    with listening.listen("127.0.0.1", 0) as listener:
        yield worker_process.Launcher(listener, 2, ["--route-table", "t", "--port", "0"])


def test_a_worker_finds_its_place_and_the_programs_own_arguments() -> None:
    place, arguments = worker_process.parse(["7", "8", "9", "1", "2", "--port", "0"])
    assert place == worker_process.Place(channel=7, listener=8, board=9, place=1, places=2)
    assert arguments == ["--port", "0"]


def test_a_worker_inherits_what_it_needs_and_nothing_else(launcher: worker_process.Launcher) -> None:
    with socket.socket() as foreign:
        foreign.set_inheritable(True)
        launched = launcher.start(1)
        try:
            launched.channel.settimeout(10)
            inherited = process_tree.descriptors(launched.process.pid)
            assert f"socket:[{process_tree.inode(launcher.listener)}]" in inherited
            assert f"socket:[{process_tree.inode(foreign)}]" not in inherited
            assert f"socket:[{process_tree.inode(launched.channel)}]" not in inherited, (
                "else it never saw its end"
            )
        finally:
            launched.process.kill()
            launched.process.wait()
            launched.channel.close()


def test_a_start_that_fails_leaves_nothing_open(
    launcher: worker_process.Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", fail)
    with pytest.raises(OSError, match="temporarily"):
        launcher.start(0)
