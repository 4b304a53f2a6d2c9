"""Whether a client that sends no more still reads: TCP tells one that closed only by its reset of what is sent to it.

So it is sent an interim answer, which means nothing to HTTP/1.1, in two parts: the second one finds the reset.
"""

import asyncio
from typing import Final

from http_protocol import heads

INTERIM: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def is_expected(request: heads.Request) -> bool:
    """Whether the client sends the body only when it was told to. Raises RefusedError when it expects anything else."""
    expected = request.headers.get(b"expect")
    if expected is not None and expected.lower() != b"100-continue":
        raise heads.RefusedError(417, "the only expectation that is met is 100-continue")
    return expected is not None and request.is_http_1_1


class Probe:
    """The interim answer to one client, as far as it was sent."""

    __slots__ = ("_sent", "_transport")

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._sent = 0

    def go_on(self) -> None:
        """Send the next part, if there is one."""
        if self._sent == 0:
            self._transport.write(INTERIM[:-2])
            self._sent = 1
        else:
            self.end()

    def end(self) -> None:
        """Send the rest of what was begun: another answer comes."""
        if self._sent == 1:
            self._transport.write(INTERIM[-2:])
            self._sent = 2
