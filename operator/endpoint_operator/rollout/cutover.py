"""The cut-over from one roll-out to the next, make-before-break, as a decision from a snapshot.

Rules, in the order in which an endpoint meets them; nothing is remembered, so any of them can be met at any
time:

1. Nothing serves: what comes serves at once, since there is nothing to protect. 2. Something else comes:
its revisions start beside the serving ones, with at least the replicas they replace, and the table names
them at weight 0, so that routers watch their addresses. 3. When all of them are ready and the routers know
it, one table write moves all variants; the old ones stay in it at weight 0, for routers that lose sight of
the new ones. 4. When every router has that table, the old ones leave it; when every router has that one
too, and the drain interval has passed, they are deleted. 5. The spec changes its mind: serving is what the
table says, coming is what the spec says, all else is old.

An unreachable router holds up rule 4 only. A change of weights is never held up by anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from endpoint_contract import route_table
from endpoint_operator.desired import names, roll_out
from endpoint_operator.rollout import gate, leftovers, readiness, replicas, routers, routing, weights
from endpoint_operator.rollout.observed import Conflict, Failure, Observed, Refusal
from endpoint_operator.rollout.plan import Phase, Plan, TableWrite

NAMED_AFTER = 60.0
"""Seconds after which a silent router is named in the status."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Where requests go after this plan: ``taking`` by ``split``, while routers only watch ``watched``."""

    phase: Phase
    serving: roll_out.StoredRollOut | None
    coming: roll_out.StoredRollOut | None
    taking: tuple[routing.Place, ...]
    split: Mapping[str, float]
    watched: tuple[routing.Place, ...] = ()
    waiting: str = ""


def plan(observed: Observed, coming: roll_out.StoredRollOut | None) -> Plan:
    """What to do now; ``coming`` is the stored roll-out of the config that the spec names, if any."""
    if observed.endpoint.is_being_deleted:
        return _as_it_is(observed)
    serving = observed.roll_out(observed.serving_name)
    if coming is not None and coming.name == observed.serving_name:
        # Names are made from content: if the record of what serves was deleted, this is it again.
        serving, coming = serving or coming, None
    if serving is None and coming is None:
        return Plan(phase=Phase.NOTHING_TO_SERVE, table=observed.table)
    step = _step(observed, serving, coming)
    return _with_facts(_carried_out(observed, step, serving, coming), observed, serving, coming)


def _as_it_is(observed: Observed) -> Plan:
    """Of an Endpoint on its way out nothing is written any more; until it is gone, its routers go on."""
    serving, table = observed.roll_out(observed.serving_name), observed.table
    left = Plan(Phase.DELETING, serving, table=table, routers=routers.view(observed, table))
    return _with_facts(left, observed, serving, None)


def without_coming(observed: Observed) -> Plan:
    """What to do when the roll-out that the spec asks for can't be stored: nothing of what serves waits for it.

    Nothing goes either: pods of it may stand there from before its record was lost.
    """
    return replace(plan(observed, None), delete=(), forget=())


def _step(
    observed: Observed, serving: roll_out.StoredRollOut | None, coming: roll_out.StoredRollOut | None
) -> _Step:
    taking, split = _present(observed, serving)
    if coming is None:
        return _Step(Phase.STEADY, serving, None, taking, split)
    verdict = gate.verdict(observed, serving, coming, taking)
    if verdict.is_open:
        asked = weights.weights(coming, observed.endpoint.spec.weights)
        return _Step(Phase.CUTTING_OVER, coming, None, routing.places(coming), asked, watched=taking)
    watched = routing.places(coming)
    return _Step(verdict.phase, serving, coming, taking, split, watched, verdict.waiting)


def _present(
    observed: Observed, serving: roll_out.StoredRollOut | None
) -> tuple[tuple[routing.Place, ...], Mapping[str, float]]:
    """Who takes requests now, and the split that the spec asks for of them.

    When the serving roll-out's record is lost, the table that routers run still says who serves. All
    weights 0 would stop the endpoint: the last good split stays.
    """
    last = observed.table or routers.newest_table(observed)
    if serving is None:
        return routing.active(last), routing.last_split(last)
    asked = weights.weights(serving, observed.endpoint.spec.weights)
    if weights.all_zero(asked):
        split = routing.last_split(last)
        asked = {name: split.get(name, 0.0) for name in asked}
    return routing.places(serving), asked


def _carried_out(
    observed: Observed,
    step: _Step,
    serving: roll_out.StoredRollOut | None,
    coming: roll_out.StoredRollOut | None,
) -> Plan:
    wanted = replicas.wanted(observed, serving, coming)
    old = leftovers.places(observed, (*step.taking, *step.watched))
    write, table = _table(observed, step, old)
    going = leftovers.revisions(observed, wanted, table)
    deletion = leftovers.deletion(observed, going, table_is_written=write is None)
    phase = step.phase
    if phase is Phase.STEADY and going:
        phase = Phase.DRAINING if not old else Phase.LEAVING_TABLE
    view = routers.view(observed, table)
    return Plan(
        phase=phase,
        serving=step.serving,
        coming=step.coming,
        wanted=wanted,
        scale=replicas.scale(observed, wanted),
        table=table,
        table_write=write,
        delete=deletion.revisions,
        forget=leftovers.forgettable(observed, (serving, coming)),
        asks_routers=not view.all_applied or phase is Phase.WAITING_FOR_ROUTERS,
        requeue_after=_soonest(
            deletion.after,
            routers.patience_left(observed) if phase is Phase.WAITING_FOR_ROUTERS else None,
            readiness.patience_left(observed),
            *(since + NAMED_AFTER - observed.now for _, since in view.silent),
        ),
        routers=view,
        waiting=step.waiting,
        leftover=going,
    )


def _table(
    observed: Observed, step: _Step, old: tuple[routing.Place, ...]
) -> tuple[TableWrite | None, route_table.RouteTable]:
    variants = routing.variants(step.taking, step.split, (*step.watched, *old))
    serving_name = step.serving.name if step.serving else observed.serving_name or ""
    present, since = observed.table, observed.backends_since
    if (
        present is not None
        and since is not None
        and routing.same(present.variants, variants)
        and (observed.serving_name or "") == serving_name
    ):
        return None, present
    if present is None or since is None or not routing.same_backends(present.variants, variants):
        since = observed.now
    table = route_table.RouteTable(observed.endpoint.name, routers.next_revision(observed), variants)
    return TableWrite(table, serving_name, since), table


def _with_facts(
    decided: Plan,
    observed: Observed,
    before: roll_out.StoredRollOut | None,
    asked: roll_out.StoredRollOut | None,
) -> Plan:
    spec = observed.endpoint.spec
    serving = decided.serving
    asked_weights = weights.weights(serving, spec.weights) if serving else {}
    # Also after the cut-over, for a status that could not be written with it and tells of it now.
    latest = asked or before
    return replace(
        decided,
        weights=asked_weights,
        counts=weights.counts(serving, spec.instance_counts) if serving else {},
        all_zero=bool(asked_weights) and weights.all_zero(asked_weights),
        unknown_weights=weights.unknown(spec.weights, before, asked),
        unknown_counts=weights.unknown(spec.instance_counts, before, asked),
        carried_over={name: spec.weights[name] for name in weights.known(spec.weights, latest)},
        carried_counts={
            name: spec.instance_counts[name] for name in weights.known(spec.instance_counts, latest)
        },
        stalled=_stalled(observed, decided),
    )


def _stalled(observed: Observed, decided: Plan) -> Failure | None:
    waits = decided.coming or decided.serving
    if waits is None or decided.phase is Phase.DELETING:
        return None
    if observed.is_held and (unwritten := _unwritten(observed, waits)) is not None:
        return unwritten
    needed = {revision: wanted.replicas for revision, wanted in decided.wanted.items()}
    return readiness.first_failure(readiness.shortfalls(observed, waits, needed))


def _unwritten(observed: Observed, waits: roll_out.StoredRollOut) -> Failure | None:
    """Why the roll-out or its table can't be written; None where another try may do."""
    needed = (waits.name, names.routes(observed.endpoint.name))
    met: tuple[Conflict | Refusal, ...] = (*observed.conflicts, *observed.refusals)
    return next((trouble.told for trouble in met if trouble.name in needed), None)


def _soonest(*waits: float | None) -> float | None:
    return min((wait for wait in waits if wait is not None and wait > 0), default=None)
