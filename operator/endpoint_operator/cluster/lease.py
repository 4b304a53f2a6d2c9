"""Who leads: a Lease in the cluster that one operator holds and renews while the others wait.

1. A holder renews every 2 s. It stops leading 10 s after the last renewal that it knows to have been written,
   counted from before that request was sent; any error counts as not renewed.
2. A candidate takes the Lease when it is free, or when it has not seen it change for the 15 s that it
   promises.
   Times of other machines are never compared: only "has it changed since I last looked, by my own clock".
3. Every write carries the resourceVersion that was read, so that of two candidates one gets a conflict.
4. The work of the leader has stopped before anything else happens; on the way out the Lease is given back.
5. A pod that holds the Lease owns it, so Kubernetes deletes the Lease with the pod. That lets the next one in at once
   where nothing can be given back: `helm uninstall` takes away the right to before the operator ends.
"""

import asyncio
import contextlib
import datetime
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from endpoint_operator.cluster import client, errors, kinds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``renew_deadline`` < ``duration``, or two could lead; ``retry`` a few times smaller than
    both; ``release`` for giving it back, within the time that a pod has to end."""

    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0
    release: float = 2.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A Lease as read, and since when by the own monotonic clock it has looked like this (seconds)."""

    lease: client.Object
    since: float

    @property
    def holder(self) -> str:
        """Who holds it; empty when nobody does."""
        return str(self._spec.get("holderIdentity") or "")

    @property
    def duration(self) -> float:
        """Seconds for which the holder's last renewal counts."""
        return float(self._spec.get("leaseDurationSeconds") or 0)

    @property
    def resource_version(self) -> str:
        """The version that a write must name."""
        return str(self.lease["metadata"].get("resourceVersion", ""))

    @property
    def _spec(self) -> dict[str, Any]:
        return self.lease.get("spec") or {}


def look(lease: client.Object, before: Seen | None, now: float) -> Seen:
    """``lease`` as seen at ``now``: its clock starts anew whenever it differs from ``before``."""
    if before is not None and lease["metadata"].get("resourceVersion") == before.resource_version:
        return before
    return Seen(lease=lease, since=now)


def may_take(seen: Seen, identity: str, now: float) -> bool:
    """Whether ``identity`` may write itself into the Lease now: it is its own, free, or has run out."""
    return seen.holder in ("", identity) or now - seen.since > seen.duration


def wait_before_next(seen: Seen | None, now: float, timing: Timing) -> float:
    """Seconds until a candidate looks again: in ``retry``, or the moment the Lease runs out, if sooner."""
    if seen is None or not seen.holder:
        return timing.retry
    return max(0.05, min(timing.retry, seen.since + seen.duration - now + 0.01))


def is_lost(renewed_at: float, now: float, timing: Timing) -> bool:
    """Whether a holder must stop leading; ``renewed_at`` is from before its last successful write was
    sent."""
    return now - renewed_at >= timing.renew_deadline


class Elector:
    """Competes for one Lease, and runs the leader's work exactly while holding it.

    ``owners`` are the owner references that the Lease has while it is held here.
    ``has_answer`` turns true when the API server first let it read or write the Lease.
    """

    def __init__(
        self,
        cluster: client.Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float],
        timing: Timing = Timing(),
        owners: Sequence[client.Object] = (),
    ) -> None:
        self.identity = identity
        self.is_leading = False
        self.has_answer = False
        self._cluster = cluster
        self._namespace = namespace
        self._name = name
        self._clock = clock
        self._timing = timing
        self._owners = list(owners)
        self._seen: Seen | None = None

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Compete for ever; ``lead`` is started on winning and cancelled, and awaited, on losing.

        Ends only by cancellation, or with the exception of ``lead``.
        """
        try:
            while True:
                renewed_at = await self._campaign()
                await self._reign(lead, renewed_at)
        finally:
            await self._release()

    async def _campaign(self) -> float:
        while True:
            began = self._clock()
            if await self._take(self._timing.renew_deadline):
                return began
            await asyncio.sleep(wait_before_next(self._seen, self._clock(), self._timing))

    async def _reign(self, lead: Callable[[], Awaitable[None]], renewed_at: float) -> None:
        logger.info("leading as %s", self.identity)
        self.is_leading = True
        work = asyncio.ensure_future(lead())
        try:
            await self._renew(work, renewed_at)
        finally:
            # First of all the work stops; only then may anybody else be let in.
            work.cancel()
            await asyncio.wait((work,))
            self.is_leading = False
            logger.info("no longer leading")
        if not work.cancelled():
            work.result()
            raise RuntimeError("the leader's work ended by itself")

    async def _renew(self, work: "asyncio.Future[None]", renewed_at: float) -> None:
        while not is_lost(renewed_at, self._clock(), self._timing):
            await asyncio.wait((work,), timeout=min(self._timing.retry, self._left(renewed_at)))
            if work.done():
                return
            began = self._clock()
            if self._left(renewed_at) > 0 and await self._take(self._left(renewed_at)):
                renewed_at = began
            elif self._seen is not None and self._seen.holder not in ("", self.identity):
                logger.warning("the lease is held by %s now", self._seen.holder)
                return
        logger.warning("the lease was not renewed for %g s", self._timing.renew_deadline)

    def _left(self, renewed_at: float) -> float:
        return max(0.0, renewed_at + self._timing.renew_deadline - self._clock())

    async def _take(self, timeout: float) -> bool:
        """One attempt to write ourselves into the Lease, over within ``timeout`` seconds; any error is a
        no."""
        try:
            async with asyncio.timeout(timeout):
                is_ours = await self._attempt()
        except (errors.ClusterError, TimeoutError) as exc:
            level = logging.DEBUG if isinstance(exc, errors.ConflictError) else logging.WARNING
            logger.log(level, "the lease could not be written: %s", str(exc) or "timed out")
            return False
        self.has_answer = True
        return is_ours

    async def _attempt(self) -> bool:
        path = kinds.LEASE.path(self._namespace, self._name)
        try:
            lease = await self._cluster.get(path)
        except errors.NotFoundError:
            await self._cluster.create(kinds.LEASE.path(self._namespace), self._rendered(None))
            return True
        self._seen = look(lease, self._seen, self._clock())
        if not may_take(self._seen, self.identity, self._clock()):
            return False
        written = await self._cluster.replace(path, self._rendered(self._seen))
        self._seen = look(written, self._seen, self._clock())
        return True

    async def _release(self) -> None:
        """Give the Lease back, if it is ours, so that the next one need not wait for it to run out."""
        with contextlib.suppress(errors.ClusterError, TimeoutError):
            async with asyncio.timeout(self._timing.release):
                while not await self._give_back():
                    pass

    async def _give_back(self) -> bool:
        """One attempt; False when a renewal that was cut short got there in between."""
        path = kinds.LEASE.path(self._namespace, self._name)
        lease = await self._cluster.get(path)
        if lease.get("spec", {}).get("holderIdentity") != self.identity:
            return True
        lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()}
        lease["metadata"]["ownerReferences"] = []
        try:
            await self._cluster.replace(path, lease)
        except errors.ConflictError:
            return False
        return True

    def _rendered(self, seen: Seen | None) -> client.Object:
        spec = dict(seen.lease.get("spec") or {}) if seen else {}
        if spec.get("holderIdentity") != self.identity:
            spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + (1 if seen else 0)
            spec["acquireTime"] = _now()
        spec |= {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, round(self._timing.duration)),
            "renewTime": _now(),
        }
        metadata = seen.lease["metadata"] if seen else {"name": self._name, "namespace": self._namespace}
        return {
            "apiVersion": kinds.LEASE.api_version,
            "kind": kinds.LEASE.name,
            "metadata": {**metadata, "ownerReferences": self._owners},
            "spec": spec,
        }


def pod_owner(name: str, uid: str) -> client.Object:
    """The owner reference by which the Lease goes when its holder's pod does."""
    return {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}


def _now() -> str:
    # For people and kubectl only: nobody's decision reads it.
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
