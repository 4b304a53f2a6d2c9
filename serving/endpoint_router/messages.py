"""What the parent tells its workers and hears from them: JSON objects over a socket pair, each after its length.

To a worker, in this order: ``use`` with a number and a snapshot, at any time; ``drain``; ``begin``, once; ``end``
with the seconds that requests under way may take, a second time to hurry. From a worker: ``applied`` with the number
of the snapshot that requests are routed by from now on.
"""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Mapping
from typing import Any

_LENGTH = struct.Struct("!I")


def send(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    """Send ``message``; nothing happens when the other end is gone."""
    body = json.dumps(message).encode()
    writer.write(_LENGTH.pack(len(body)) + body)


async def received(reader: asyncio.StreamReader) -> AsyncIterator[Any]:
    """All messages, until the other end is gone."""
    while True:
        try:
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            yield json.loads(await reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
