"""What neither serves nor comes any more: when it leaves the table, when it is deleted, what is forgotten."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from endpoint_contract import route_table
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import routers, routing
from endpoint_operator.rollout.observed import Observed

KEPT_ROLL_OUTS = 10


@dataclass(frozen=True, slots=True)
class Deletion:
    """``revisions`` can go now; ``after`` (seconds) is when to look again if only time is missing."""

    revisions: tuple[str, ...] = ()
    after: float | None = None


def places(observed: Observed, present: Iterable[routing.Place]) -> tuple[routing.Place, ...]:
    """The old places that stay in the table: none once every router runs one that gives them no requests."""
    if routers.view(observed, observed.table).all_applied:
        return ()
    in_use = {place.service for place in present}
    return tuple(place for place in routing.named(observed.table) if place.service not in in_use)


def revisions(observed: Observed, wanted: Container[str], table: route_table.RouteTable) -> tuple[str, ...]:
    """The revisions that exist, or stand in ``table``, and serve no more, sorted."""
    named = {place.service for place in routing.named(table)}
    existing = {*observed.deployments, *observed.services, *observed.identity_maps, *named}
    return tuple(sorted(revision for revision in existing if revision not in wanted))


def deletion(observed: Observed, going: tuple[str, ...], *, table_is_written: bool) -> Deletion:
    """Which of ``going`` no router names any more, after the time that requests under way are given."""
    named = {place.service for place in routing.named(observed.table)}
    gone = tuple(revision for revision in going if revision not in named)
    since = observed.backends_since
    if not gone or not table_is_written or since is None:
        return Deletion()
    if not routers.view(observed, observed.table).all_applied:
        return Deletion()
    left = {
        revision: max(since, observed.routers_named(revision)) + observed.drain_seconds - observed.now
        for revision in gone
    }
    drained = tuple(revision for revision in gone if left[revision] <= 0)
    return Deletion(drained, min((seconds for seconds in left.values() if seconds > 0), default=None))


def forgettable(observed: Observed, in_use: Iterable[roll_out.StoredRollOut | None]) -> tuple[str, ...]:
    """Stored roll-outs beyond the newest `KEPT_ROLL_OUTS`, oldest first; never one that serves or comes."""
    kept = {stored.name for stored in in_use if stored}
    by_age = sorted(observed.roll_outs, key=lambda stored: (stored.number, stored.name))
    return tuple(stored.name for stored in by_age[:-KEPT_ROLL_OUTS] if stored.name not in kept)
