"""The socket that all workers accept from."""

import socket

import pytest

from process_group import listening


@pytest.mark.parametrize(("host", "client"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("", "127.0.0.1")])
def test_it_listens_where_it_is_told(host: str, client: str) -> None:
    with listening.listen(host, 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((client, port), timeout=5):
            accepted, _ = listener.accept()
            accepted.close()


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open() -> None:
    with listening.listen("127.0.0.1", 0) as taken, pytest.raises(OSError, match="Address already in use"):
        listening.listen("127.0.0.1", taken.getsockname()[1])


def test_accepting_never_waits() -> None:
    with listening.listen("127.0.0.1", 0) as listener, pytest.raises(BlockingIOError):
        listener.accept()
