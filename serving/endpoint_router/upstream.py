"""The pods behind the routing: their connections, how many requests each has outstanding, and how they fare."""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable

from endpoint_contract import ports
from endpoint_router import counters, pod_health
from http_protocol import client

log = logging.getLogger(__name__)


class Pod:
    """One model server. ``outstanding`` is what `balancing` compares.

    ``is_suspect`` says that its next answer is news to `Upstreams.answered`: it is all that a request looks at.
    """

    __slots__ = ("address", "health", "host_line", "is_own", "is_suspect", "outstanding", "pool")

    def __init__(self, address: str, pool: client.Pool, is_own: bool) -> None:
        self.address = address
        self.host_line = b"Host: " + address.encode("ascii", "replace") + b"\r\n"
        self.is_own = is_own
        self.outstanding = 0
        self.is_suspect = False
        self.pool = pool
        self.health = pod_health.Health()

    def __repr__(self) -> str:
        return f"<Pod {self.address} outstanding={self.outstanding} own={self.is_own}>"

    def release(self) -> None:
        """One request less."""
        self.outstanding -= 1


class Group:
    """The pods of one variant that serve: ``in_service`` for every request, all ``members`` as a last resort."""

    __slots__ = ("counters", "in_service", "members", "variant")

    def __init__(
        self,
        variant: str,
        variant_counters: counters.VariantCounters,
        in_service: tuple[Pod, ...],
        members: tuple[Pod, ...],
    ) -> None:
        self.variant = variant
        self.counters = variant_counters
        self.in_service = in_service
        self.members = members

    def tally(self) -> pod_health.Tally:
        """What its pods did so far."""
        return pod_health.Tally(self.counters.answered(), self.counters.pod_failures)


class Upstreams:
    """The pods of the current routing. ``pod_ip`` is this pod's own address, empty when there is none.

    ``on_change`` is called when the routing is to be compiled anew because a pod was ejected, came back or may have
    a larger share: `standing` has changed.
    """

    def __init__(
        self,
        pod_ip: str,
        bounds: client.Bounds,
        *,
        rules: pod_health.Rules | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        host = f"[{pod_ip}]" if ":" in pod_ip else pod_ip  # as slices have it
        self.own_address = f"{host}:{ports.MODEL_SERVER}" if pod_ip else ""
        self.rules = rules or pod_health.Rules()
        self._on_change = on_change or _nothing
        self._client = client.Client(bounds)
        self.memory = self._client.memory
        self._loop = asyncio.get_running_loop()
        self._pods: dict[str, Pod] = {}
        self._growth: asyncio.TimerHandle | None = None
        self._stood = pod_health.ALL_WELL
        # Nothing is known of the age of pods that were there before this router.
        self._joining_at: Callable[[], float] = lambda: -math.inf

    def standing(self) -> pod_health.Standing:
        """Who is ejected and who is new, for `routing.compile_routing`; `keep_only` tells that it was compiled."""
        now, rules = self._loop.time(), self.rules
        pods = self._pods.items()
        self._stood = pod_health.Standing(
            shares={address: pod_health.share(pod.health, now, rules) for address, pod in pods},
            newcomers=pod_health.share(pod_health.Health(self._joining_at()), now, rules),
            out_until={address: pod.health.out_until for address, pod in pods if pod.health.is_out},
            rules=rules,
        )
        return self._stood

    def pods(self, addresses: Iterable[str]) -> tuple[Pod, ...]:
        """The pods at ``addresses``, the known ones with their connections and counts."""
        return tuple(self._pods.get(address) or self._add(address) for address in addresses)

    def keep_only(self, addresses: frozenset[str]) -> None:
        """Forget all other pods: their idle connections close now, busy ones after their exchange."""
        for address in [address for address in self._pods if address not in addresses]:
            self._pods.pop(address).pool.retire()
        self._joining_at = self._loop.time
        self._watch_growth()

    def misbehaved(self, pod: Pod, group: Group, reason: str) -> None:
        """``pod`` answered a request with a failure: from here on, that is as good as no answer."""
        pod.outstanding += 1
        self.failed(pod, group, reason)

    def failed(self, pod: Pod, group: Group, reason: str) -> None:
        """A request of ``group``'s variant, still outstanding, came to nothing by the fault of ``pod``."""
        self._loop.call_later(self.rules.failure_seconds, pod.release)
        before = group.tally()
        pod.health = pod_health.failed(pod.health, before)
        pod.is_suspect = True
        group.counters.pod_failures += 1
        now = pod_health.Tally(before.answered, before.failed + 1)
        if pod_health.is_outlier(pod.health, now, self.rules) and self._may_eject(pod, group):
            self._eject(pod, group, reason)

    def answered(self, pod: Pod) -> None:
        """``pod``, which is suspect, answered."""
        pod.health = pod_health.answered(pod.health)
        pod.is_suspect = False

    async def close(self) -> None:
        """Cut all connections."""
        self._on_change = _nothing
        if self._growth is not None:
            self._growth.cancel()
        await self._client.close()

    def _add(self, address: str) -> Pod:
        is_own = address == self.own_address
        reached_at = f"127.0.0.1:{ports.MODEL_SERVER}" if is_own else address
        pod = self._pods[address] = Pod(address, self._client.pool(reached_at), is_own)
        pod.health = pod_health.Health(self._joining_at())
        return pod

    def _may_eject(self, pod: Pod, group: Group) -> bool:
        out = sum(member.health.is_out for member in group.members)
        is_known = self._pods.get(pod.address) is pod
        return is_known and out < pod_health.most_ejected(len(group.members), self.rules)

    def _eject(self, pod: Pod, group: Group, reason: str) -> None:
        now, failures = self._loop.time(), pod.health.failures
        pod.health = pod_health.ejected(pod.health, now, self.rules)
        seconds = pod.health.out_until - now
        group.counters.ejections += 1
        log.warning(
            "pod %s of variant %s is ejected for %g s: failures in a row: %d, the last one: %s",
            pod.address, group.variant, seconds, failures, reason,
        )  # fmt: skip
        self._loop.call_later(seconds, self._return, pod, group)
        self._on_change()

    def _return(self, pod: Pod, group: Group) -> None:
        if self._pods.get(pod.address) is not pod:
            return
        pod.health = pod_health.returned(pod.health, self._loop.time(), group.tally())
        pod.is_suspect = True
        log.info("pod %s of variant %s is back, on trial", pod.address, group.variant)
        self._on_change()

    def _watch_growth(self) -> None:
        """While a pod has less than a full share, have the routing compiled anew now and then.

        What counts is the share that the routing gives it: by now it may have come of age.
        """
        shares = (self._stood.shares.get(address, self._stood.newcomers) for address in self._pods)
        if any(share < 1.0 for share in shares) and self._growth is None:
            self._growth = self._loop.call_later(self.rules.step_seconds(), self._grow)

    def _grow(self) -> None:
        self._growth = None
        self._on_change()


def _nothing() -> None:
    pass
