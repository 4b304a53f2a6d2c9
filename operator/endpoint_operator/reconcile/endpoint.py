"""One endpoint, from what is to what should be: observe → decide → apply → report.

1. Observe: the Endpoint, its config and its children; what routers were last heard to do.
   Gone: forget it and stop, its children go by their owner references.
2. Decide: which roll-out the spec asks for, then one plan, both pure. A plan from which there is no way back is
   made again from lists that are surely not behind, and what that one says counts.
3. Apply: only what differs, and nothing of an Endpoint that is on its way out. One object's trouble is noted and
   the rest goes on; no answer from the API server stops. A roll-out that can't be stored does not come yet; while
   the table can't be written, what serves is kept whole and nothing goes.
4. Report: the status when it changed, and an event for each transition; also after trouble, with its reason.
5. Come back: when the plan says so, when routers answer differently, after a failure with back-off.
"""

import dataclasses
import datetime
import logging
from collections.abc import Callable
from typing import NamedTuple

from endpoint_operator.api import errors as api_errors
from endpoint_operator.api import parse
from endpoint_operator.cluster import apply, client, errors, events, kinds, observe
from endpoint_operator.desired import roll_out
from endpoint_operator.desired.defaults import Defaults
from endpoint_operator.reconcile import acknowledgements, children, metrics, propagation, snapshot
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.queue import TryLaterError
from endpoint_operator.rollout import cutover, observed
from endpoint_operator.rollout import plan as plans
from endpoint_operator.status import events as transitions
from endpoint_operator.status import summary

logger = logging.getLogger(__name__)

CONFLICT_RETRY = 30.0
"""Seconds until a name that somebody else holds is tried again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Installation:
    """What every endpoint of this installation shares."""

    defaults: Defaults
    drain_seconds: float


class _Look(NamedTuple):
    """One look: what the API server has, what that means, which roll-out the spec asks for, what to do."""

    raw: observe.Raw
    seen: observed.Observed
    coming: roll_out.StoredRollOut | None
    plan: plans.Plan


class Reconciler:
    """Does the whole of one endpoint's work in `reconcile`; remembers nothing that the cluster does not
    also know."""

    def __init__(
        self,
        cluster: client.Client,
        routers: acknowledgements.Acknowledgements,
        installation: Installation,
        *,
        numbers: metrics.Metrics,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._routers = routers
        self._installation = installation
        self._numbers = numbers
        self._clock = clock
        self._now = now
        self._propagation = propagation.Propagation(numbers, clock)

    async def work(self, key: Key) -> float | None:
        """`reconcile`, counted; the errors of the API server become TryLaterError."""
        began = self._clock()
        result = "failed"
        try:
            again = await self.reconcile(key)
            result = "done"
        except errors.ClusterError as exc:
            result = "retry"
            raise TryLaterError(str(exc)) from exc
        finally:
            self._numbers.count_reconcile(result, self._clock() - began)
        return again

    async def reconcile(self, key: Key) -> float | None:
        """The page. Answers after how many seconds to look again, if nothing happens before.

        Raises ClusterError when something could not be read or written.
        """
        # 1. Observe, 2. Decide
        look = await self._look(key)
        if look is not None and look.plan.is_one_way:
            look = await self._look(key, is_live=True)
        if look is None:
            self.forget(key)
            return None
        raw, seen, coming, plan = look

        # 3. Apply
        work = children.Children(self._cluster, raw, seen)
        if not await work.store(plan):
            # Nothing is made from it, and what serves does not wait for it.
            plan = cutover.without_coming(seen)
        outcome = work.outcome if plan.phase is plans.Phase.DELETING else await work.carry_out(plan)
        self._note_table(key, seen, plan)

        # 4. Report
        found = _with_outcome(seen, outcome)
        await self._report(key, raw, found, plan if found is seen else cutover.plan(found, coming))

        # 5. Come back
        if outcome.failed:
            raise outcome.failed[0]
        return _sooner(plan.requeue_after, CONFLICT_RETRY if outcome.conflicts else None)

    def forget(self, key: Key) -> None:
        """The endpoint is gone: nothing of it stays in memory."""
        self._routers.forget(key)
        self._propagation.forget(key)
        self._numbers.forget_endpoint(key)

    async def _look(self, key: Key, *, is_live: bool = False) -> _Look | None:
        """What is there and what to do about it; None when the endpoint is gone."""
        raw = await observe.endpoint(self._cluster, key.namespace, key.name, is_live=is_live)
        if raw is None:
            return None
        seen, coming = self._understood(key, raw)
        return _Look(raw, seen, coming, cutover.plan(seen, coming))

    def _understood(
        self, key: Key, raw: observe.Raw
    ) -> tuple[observed.Observed, roll_out.StoredRollOut | None]:
        try:
            endpoint = parse.endpoint(raw.endpoint)
        except api_errors.InvalidResource as exc:
            # Only an object older than the present schema can get here.
            raise errors.RefusedError(f"Endpoint {key}: {exc}") from exc
        stored = snapshot.stored_roll_outs(raw)
        config = snapshot.config(raw.config, endpoint.spec.endpoint_config_name)
        seen = snapshot.build(
            raw,
            endpoint=endpoint,
            config_failure=config.failure,
            roll_outs=stored,
            heard=self._routers.of(key),
            now=self._now(),
            drain_seconds=self._installation.drain_seconds,
        )
        if config.parsed is not None:
            return seen, roll_out.new(endpoint, config.parsed, stored, self._installation.defaults)
        return seen, _remembered(seen)

    def _note_table(self, key: Key, seen: observed.Observed, plan: plans.Plan) -> None:
        """From now on routers are asked for the plan's table."""
        table = (plan.table.revision, plan.table.digest()) if plan.table is not None else None
        self._propagation.note(key, table, is_written=plan.table_write is not None, view=plan.routers)
        self._routers.expect(
            key,
            acknowledgements.Expectation(
                addresses={pod.name: pod.ip for pod in seen.routers if pod.ip is not None},
                table=table,
                is_waiting=plan.asks_routers,
            ),
        )

    async def _report(
        self,
        key: Key,
        raw: observe.Raw,
        seen: observed.Observed,
        plan: plans.Plan,
    ) -> None:
        before = raw.endpoint.get("status") or {}
        status = summary.build(seen, plan, before)
        self._numbers.show_endpoint(
            key, str(status.get("endpointConfigName") or ""), str(status.get("endpointStatus") or "")
        )
        if status == before:
            return
        await apply.write_status(self._cluster, raw.endpoint, status)
        now = datetime.datetime.fromtimestamp(seen.now, datetime.UTC)
        for event in transitions.transitions(before, status, plan):
            await events.post(
                self._cluster,
                raw.endpoint,
                type_=event.type,
                reason=event.reason,
                message=event.message,
                now=now,
            )


def _remembered(seen: observed.Observed) -> roll_out.StoredRollOut | None:
    """What was stored of a config that is gone while it serves or rolls out.

    Of several contents of one name the one that serves stays: a roll-out to which somebody went back keeps its
    old number, so the newest may be one that was given up.
    """
    endpoint = seen.endpoint
    named = [item for item in seen.roll_outs if item.config_name == endpoint.spec.endpoint_config_name]
    asked = [item for item in named if item.restart == endpoint.restart] or named
    serving = seen.roll_out(seen.serving_name)
    return serving if serving in asked else max(asked, key=lambda item: item.number, default=None)


def _with_outcome(seen: observed.Observed, outcome: children.Outcome) -> observed.Observed:
    """The snapshot with what this very look found out: names taken, objects refused, requests that did not move."""
    if not outcome.conflicts and not outcome.refusals and not outcome.is_held:
        return seen
    missing = observed.DeploymentState(desired=0, ready=0, updated=0)
    refused = {
        refusal.name: dataclasses.replace(
            seen.deployments.get(refusal.name, missing), failure=refusal.failure
        )
        for refusal in outcome.refusals
        if refusal.kind == kinds.DEPLOYMENT.name
    }
    return dataclasses.replace(
        seen,
        conflicts=tuple(outcome.conflicts),
        refusals=tuple(outcome.refusals),
        is_held=outcome.is_held,
        deployments={**seen.deployments, **refused},
    )


def _sooner(first: float | None, second: float | None) -> float | None:
    given = [seconds for seconds in (first, second) if seconds is not None]
    return min(given, default=None)
