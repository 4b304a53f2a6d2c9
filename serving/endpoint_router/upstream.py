"""The pods behind the routing: their connections and how many requests each has outstanding."""

import asyncio
from collections.abc import Iterable

from endpoint_contract import ports
from http_protocol import client

FAILURE_SECONDS = 1.0
"""How long a failed request still counts as outstanding, so that a pod that fails fast does not attract more."""


class Pod:
    """One model server. ``outstanding`` is what `balancing` compares."""

    __slots__ = ("address", "host_line", "is_own", "outstanding", "pool")

    def __init__(self, address: str, pool: client.Pool, is_own: bool) -> None:
        self.address = address
        self.host_line = b"Host: " + address.encode("ascii", "replace") + b"\r\n"
        self.is_own = is_own
        self.outstanding = 0
        self.pool = pool

    def __repr__(self) -> str:
        return f"<Pod {self.address} outstanding={self.outstanding} own={self.is_own}>"

    def release(self) -> None:
        """One request less."""
        self.outstanding -= 1


class Upstreams:
    """The pods of the current routing. ``pod_ip`` is this pod's own address, empty when there is none."""

    def __init__(self, pod_ip: str, bounds: client.Bounds) -> None:
        self.own_address = f"{pod_ip}:{ports.MODEL_SERVER}" if pod_ip else ""
        self._client = client.Client(bounds)
        self._loop = asyncio.get_running_loop()
        self._pods: dict[str, Pod] = {}

    def pods(self, addresses: Iterable[str]) -> tuple[Pod, ...]:
        """The pods at ``addresses``, the known ones with their connections and counts."""
        return tuple(self._pods.get(address) or self._add(address) for address in addresses)

    def keep_only(self, addresses: frozenset[str]) -> None:
        """Forget all other pods: their idle connections close now, busy ones after their exchange."""
        for address in [address for address in self._pods if address not in addresses]:
            self._pods.pop(address).pool.retire()

    def failed(self, pod: Pod) -> None:
        """A request to ``pod`` failed: it stops counting a little later."""
        self._loop.call_later(FAILURE_SECONDS, pod.release)

    async def close(self) -> None:
        """Cut all connections."""
        await self._client.close()

    def _add(self, address: str) -> Pod:
        is_own = address == self.own_address
        reached_at = f"127.0.0.1:{ports.MODEL_SERVER}" if is_own else address
        pod = self._pods[address] = Pod(address, self._client.pool(reached_at), is_own)
        return pod
