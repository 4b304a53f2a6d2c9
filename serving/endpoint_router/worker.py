"""One of several processes that handle requests: started by the parent, told by it what to do, ends with it."""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable

import uvloop

from endpoint_router import data_port, logs, messages, settings, stored_table, worker_process
from http_protocol import server
from process_group import accepting, board, freed_memory, reporting

log = logging.getLogger(__name__)


class Worker:
    """Does what the messages say (`messages`). Counts go on from those of the worker whose place it takes."""

    def __init__(
        self, place: worker_process.Place, data: data_port.InProcess, writer: asyncio.StreamWriter
    ) -> None:
        self._place = place
        self._data = data
        self._writer = writer
        self._board = board.Board(place.places, place.board)
        self._reporter: reporting.Reporter | None = None
        self._closing: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        former = self._board.read(place.place)
        if former:
            data.counts.add(json.loads(former), is_alive=False)

    async def run(self, reader: asyncio.StreamReader, finish_seconds: float) -> None:
        """Until told to end; or until the parent is gone, which leaves requests under way ``finish_seconds``."""
        following = asyncio.create_task(self._follow(reader, finish_seconds))
        # Better no worker, and soon a new one, than one that no longer does what it is told.
        following.add_done_callback(self._end_if_failed)
        await self._ended.wait()
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await self._data.end()
        if self._reporter is not None:
            self._reporter.close()

    def _end_if_failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._ended.set()

    async def _follow(self, reader: asyncio.StreamReader, finish_seconds: float) -> None:
        async for message in messages.received(reader):
            match message:
                case {"use": int(number), "snapshot": document}:
                    self._data.use(stored_table.from_document(document))
                    messages.send(self._writer, {"applied": number})
                case {"drain": _}:
                    self._data.drain()
                case {"begin": _}:
                    self._begin()
                case {"end": float(seconds)}:
                    self._end(seconds)
        if self._closing is None:
            if self._reporter is not None:  # else it had nothing to lose
                log.error("worker %d ends: the parent is gone", self._place.place)
            self._end(finish_seconds)

    def _begin(self) -> None:
        listener = socket.socket(fileno=self._place.listener)
        self._data.serve(self._accept_from(listener), listener.getsockname()[1])
        # As in a single process: what start-up made stays for ever.
        gc.freeze()

    def _accept_from(self, listener: socket.socket) -> server.Open:
        def accept(make: Callable[[], asyncio.Protocol], count: Callable[[], int]) -> accepting.Acceptor:
            place = self._place.place
            acceptor = accepting.Acceptor(listener, make, count=count, shared=self._board, place=place)
            self._reporter = reporting.Reporter(self._board, place, self._document, acceptor)
            return acceptor

        return accept

    def _document(self) -> bytes:
        return json.dumps(self._data.counts.document()).encode()

    def _end(self, seconds: float) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.create_task(self._close(seconds))
        self._closing.add_done_callback(self._end_if_failed)

    async def _close(self, seconds: float) -> None:
        await self._data.close(seconds)
        self._ended.set()


async def _run(place: worker_process.Place, chosen: settings.Settings) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=place.channel))
    await Worker(place, data_port.InProcess(chosen), writer).run(reader, chosen.finish_seconds)
    writer.close()


def main() -> int:
    """The exit code."""
    # What a terminal or a service manager sends to all processes is for the parent to act on, in order.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    place, arguments = worker_process.parse(sys.argv[1:])
    chosen = settings.from_process(arguments)
    logs.configure(chosen.log_format, chosen.log_level)
    freed_memory.keep()
    uvloop.run(_run(place, chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
