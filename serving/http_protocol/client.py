"""The HTTP client: a pool of idle connections for each address, and the calls that use them."""

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from http_protocol import budget, client_connection, limits

if TYPE_CHECKING:
    from collections.abc import Callable

Call = client_connection.Call
Failure = client_connection.Failure
Receiver = client_connection.Receiver

_LATE_TURNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds of a client. Sizes in bytes, times in seconds.

    ``idle_seconds`` must be below the time after which the servers close idle connections. ``held_bytes`` bounds the
    answers over 64 KiB that come from all servers together.
    """

    body_bytes: int = limits.BODY_BYTES
    connect_seconds: float = 0.25
    idle_seconds: float = 4.0
    idle_connections: int = 1024
    held_bytes: int = limits.HELD_BYTES

    def tick_seconds(self) -> float:
        """How often deadlines are looked at."""
        return min(0.25, self.idle_seconds / 4)


class Pool:
    """The connections to one address, made by `Client.pool`; ``retire`` ends it.

    ``watch`` is told before there is anything whose deadline is to be looked at.
    """

    __slots__ = (
        "_bounds", "_connecting", "_host", "_idle", "_is_retired", "_loop", "_memory", "_port", "_watch",
        "connections",
    )  # fmt: skip

    def __init__(
        self, host: str, port: int, *, bounds: Bounds, memory: budget.Budget, watch: "Callable[[Pool], None]"
    ) -> None:
        self._host = host
        self._port = port
        self._bounds = bounds
        self._loop = asyncio.get_running_loop()
        self._memory = memory
        self._watch = watch
        self._idle: list[client_connection.Connection] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_retired = False
        self.connections: set[client_connection.Connection] = set()

    def __repr__(self) -> str:
        return f"<Pool {self._host}:{self._port} idle={len(self._idle)} all={len(self.connections)}>"

    @property
    def is_gone(self) -> bool:
        """Whether it was retired and nothing of it is left."""
        return self._is_retired and not self.connections and not self._connecting

    def send(self, call: Call) -> None:
        """Send ``call`` over an idle connection, or a new one; its receiver hears of the outcome."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.is_closing:
                connection.idle_since = math.inf
                connection.begin(call)
                return
        self._watch(self)  # anew, when it was retired: one who began before may turn to it only now
        task = self._loop.create_task(self._connect(call))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def retire(self) -> None:
        """Close idle connections now, and busy ones when their call is over."""
        self._is_retired = True
        while self._idle:
            self._idle.pop().close()

    def look_at_deadlines(self, now: float) -> None:
        """Fail calls that took too long, close what was idle too long."""
        oldest = now - self._bounds.idle_seconds
        for connection in list(self.connections):
            connection.look_at_deadline(now)
        expired = [connection for connection in self._idle if connection.idle_since <= oldest]
        if expired:
            self._idle = [connection for connection in self._idle if connection.idle_since > oldest]
            for connection in expired:
                connection.close()

    async def close(self) -> None:
        """Cut everything."""
        self.retire()
        for task in list(self._connecting):
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for connection in list(self.connections):
            connection.abort()

    async def _connect(self, call: Call) -> None:
        connecting = self._loop.create_task(
            self._loop.create_connection(
                lambda: cast(asyncio.BaseProtocol, self._new_connection()), self._host, self._port
            )
        )
        try:
            await _in_time(connecting, self._bounds.connect_seconds)
        except TimeoutError:
            call.fail(Failure.NOT_SENT, f"no connection within {self._bounds.connect_seconds:g} s")
        else:
            # Raised here, the error would refer to this frame and so to the call, whose body would stay.
            error = connecting.exception()
            if error is not None:  # any: a call that is told nothing would wait for ever
                call.fail(Failure.NOT_SENT, f"no connection: {error}")
            else:
                self._connected(cast(client_connection.Connection, connecting.result()[1]), call)
        finally:
            connecting.cancel()

    def _connected(self, connection: client_connection.Connection, call: Call) -> None:
        if connection.is_closing:
            call.fail(Failure.NOT_SENT, "the connection was closed at once")
            return
        self.connections.add(connection)
        if call.is_over:
            self._freed(connection)
        else:
            connection.begin(call)

    def _new_connection(self) -> client_connection.Connection:
        return client_connection.Connection(self._freed, self._lost, self._bounds.body_bytes, self._memory)

    def _freed(self, connection: client_connection.Connection) -> None:
        if self._is_retired or len(self._idle) >= self._bounds.idle_connections:
            connection.close()
        else:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)

    def _lost(self, connection: client_connection.Connection) -> None:
        self.connections.discard(connection)
        if connection.idle_since != math.inf and connection in self._idle:
            self._idle.remove(connection)


async def _in_time(connecting: asyncio.Future[Any], seconds: float) -> None:
    """Wait until ``connecting`` is done. Raises TimeoutError.

    A loop that was busy all the while finds its timer first and the connection, made long ago, only afterwards.
    """
    await asyncio.wait({connecting}, timeout=seconds)
    for _ in range(_LATE_TURNS):
        if connecting.done():
            return
        await asyncio.sleep(0)
    raise TimeoutError


class Client:
    """All pools of a program, and the clock tick that watches their deadlines; ``pools`` are those watched.

    ``memory`` is what large answers are counted in while they come.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._loop = asyncio.get_running_loop()
        self.pools: set[Pool] = set()
        self.memory = budget.Budget(self._bounds.held_bytes)
        self._sweep: asyncio.Handle = self._loop.call_soon(self._look_at_deadlines)

    def pool(self, address: str) -> Pool:
        """A new pool for ``host:port``."""
        host, _, port = address.rpartition(":")
        pool = Pool(
            host.strip("[]"), int(port), bounds=self._bounds, memory=self.memory, watch=self.pools.add
        )
        self.pools.add(pool)
        return pool

    async def close(self) -> None:
        """Cut all connections and stop."""
        self._sweep.cancel()
        for pool in list(self.pools):
            await pool.close()
        self.pools.clear()

    def _look_at_deadlines(self) -> None:
        now = self._loop.time()
        for pool in list(self.pools):
            pool.look_at_deadlines(now)  # a call that fails may be sent to another one
        self.pools.difference_update([pool for pool in self.pools if pool.is_gone])
        self._sweep = self._loop.call_later(self._bounds.tick_seconds(), self._look_at_deadlines)
