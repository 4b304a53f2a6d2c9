"""Carrying out a plan: which objects are written, and in which order."""

import datetime
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from endpoint_contract.route_table import RouteTable
from endpoint_operator.cluster import apply, client, errors, kinds, observe
from endpoint_operator.desired import (
    deployment,
    model_identity,
    names,
    owner,
    roll_out,
    route_table,
    router_access,
    service,
)
from endpoint_operator.reconcile import snapshot
from endpoint_operator.rollout import observed, reasons
from endpoint_operator.rollout import plan as plans

_REASONS: Mapping[type[errors.ClusterError], str] = {
    errors.RefusedError: reasons.OBJECT_REFUSED,
    errors.ForbiddenError: reasons.OBJECT_FORBIDDEN,
}
"""The errors that no later try mends by itself: people must hear of them."""


@dataclass(slots=True)
class Outcome:
    """What could not be written: names that belong to others, and content that the API server refuses.

    ``is_held``: the table, or a roll-out's record, is among it, so that requests go on as before.
    """

    conflicts: list[observed.Conflict] = field(default_factory=list)
    refusals: list[observed.Refusal] = field(default_factory=list)
    failed: list[errors.ClusterError] = field(default_factory=list)
    is_held: bool = False

    def is_told(self, name: str) -> bool:
        """Whether people are told why the object of that name was not written: no later try mends it by itself."""
        told: tuple[observed.Conflict | observed.Refusal, ...] = (*self.conflicts, *self.refusals)
        return any(item.name == name for item in told)


class Children:
    """The objects of one endpoint: as they are (``raw``) and as the plan wants them."""

    def __init__(self, cluster: client.Client, raw: observe.Raw, seen: observed.Observed) -> None:
        self._cluster = cluster
        self._raw = raw
        self._seen = seen
        self._owner = owner.of(seen.endpoint)
        self.outcome = Outcome()

    async def store(self, plan: plans.Plan) -> bool:
        """Store the plan's roll-outs, before anything is made from them. Raises ClusterError.

        Answers whether they all are stored; if not, this plan must not be carried out.
        """
        stored = self._raw.of(kinds.CONTROLLER_REVISION)
        for wanted in (plan.serving, plan.coming):
            if wanted is not None and wanted.name not in stored:
                # What takes over from another is marked once the table says so.
                is_serving = wanted is plan.serving and self._seen.serving_name in (None, wanted.name)
                body = roll_out.to_controller_revision(wanted, self._owner, serving=is_serving)
                if not await self._ensure(kinds.CONTROLLER_REVISION, body):
                    self.outcome.is_held = True
        return not self.outcome.is_held

    async def carry_out(self, plan: plans.Plan) -> Outcome:
        """Write what differs, in the order in which nobody is promised what is not there yet. Raises ClusterError.

        1. The table: it alone moves traffic, and a weight that somebody waits for goes before all that can wait.
           Where it can't be written, what serves is kept whole all the same, and nothing goes.
        2. What pods need. 3. Services before Deployments. 4. Replicas.
        5. What nobody needs any more; last the marks, which are read only when the table is lost.
        """
        if self.outcome.is_held and plan.serving is None:
            # Of what runs here, if anything, no record is left: the rest of it is not touched without one.
            return self.outcome
        is_written = await self._write_table(plan)
        if not is_written:
            if not self.outcome.is_told(names.routes(self._owner.name)):
                # Somebody else's write came between: neither the marks nor the status may say that requests moved.
                raise self.outcome.failed[-1]
            self.outcome.is_held = True
        if is_written or self._seen.serving_name is not None:
            await self._keep_whole(plan)
        if is_written:
            await self._clear_away(plan)
        return self.outcome

    async def _keep_whole(self, plan: plans.Plan) -> None:
        await self._grant_access(plan)
        await self._keep_identities(plan)
        await self._ensure(kinds.SERVICE, service.endpoint_service(self._owner))
        for revision, wanted in plan.wanted.items():
            await self._ensure_revision(revision, wanted)
        for revision, replicas in plan.scale.items():
            await self._scale(revision, replicas)

    async def _clear_away(self, plan: plans.Plan) -> None:
        for revision in plan.delete:
            await self._delete_revision(revision)
        for name in plan.forget:
            await self._delete(kinds.CONTROLLER_REVISION, name)
        await self._mark_serving(plan)

    async def _mark_serving(self, plan: plans.Plan) -> None:
        if plan.serving is None:
            return
        for name, item in self._raw.of(kinds.CONTROLLER_REVISION).items():
            is_serving = name == plan.serving.name
            if name not in plan.forget and roll_out.is_marked_serving(item) is not is_serving:
                label = {route_table.SERVING: "true" if is_serving else None}
                await self._attempt(
                    self._merge_marks(item, {"labels": label}), kinds.CONTROLLER_REVISION, name
                )

    async def _merge_marks(self, stored: client.Object, marks: Mapping[str, object]) -> None:
        """Merge labels or annotations into the metadata of a stored roll-out, whose data never changes."""
        metadata = stored["metadata"]
        path = kinds.CONTROLLER_REVISION.path(metadata["namespace"], metadata["name"])
        await self._cluster.merge(path, {"metadata": {"uid": metadata["uid"], **marks}})

    async def _write_table(self, plan: plans.Plan) -> bool:
        """Whether the table is as planned now."""
        name = names.routes(self._owner.name)
        present = self._raw.of(kinds.CONFIG_MAP).get(name)
        if plan.table_write is not None:
            body = self._table_body(
                plan.table_write.table, plan.table_write.serving_name, plan.table_write.backends_since
            )
            return await self._attempt(self._replace_table(body, present), kinds.CONFIG_MAP, name)
        if present is not None and plan.table is not None and self._seen.serving_name is not None:
            since = self._seen.backends_since if self._seen.backends_since is not None else self._seen.now
            body = self._table_body(plan.table, self._seen.serving_name, since)
            return await self._ensure(kinds.CONFIG_MAP, body)
        return True

    def _table_body(self, table: RouteTable, serving: str, since: float) -> client.Object:
        instant = datetime.datetime.fromtimestamp(since, datetime.UTC)
        return route_table.config_map(self._owner, table, serving=serving, backends_since=instant)

    async def _replace_table(self, body: client.Object, present: client.Object | None) -> None:
        if present is None:
            await apply.ensure(self._cluster, kinds.CONFIG_MAP, body, None)
            return
        # The version that was read is the precondition: of two writers, one is refused and looks again.
        path = kinds.CONFIG_MAP.path(self._owner.namespace, body["metadata"]["name"])
        await self._cluster.replace(path, apply.replacement(body, present))

    async def _grant_access(self, plan: plans.Plan) -> None:
        accounts = _accounts(self._seen, plan)
        await self._ensure(kinds.SERVICE_ACCOUNT, router_access.service_account(self._owner))
        await self._ensure(kinds.ROLE, router_access.role(self._owner))
        await self._ensure(kinds.ROLE_BINDING, router_access.role_binding(self._owner, accounts))

    async def _keep_identities(self, plan: plans.Plan) -> None:
        known = {
            revision: (wanted.variant.variant_name, self._seen.identities[revision])
            for revision, wanted in plan.wanted.items()
            if revision in self._seen.identities
        }
        found = snapshot.identities_to_keep(self._seen, plan.wanted)
        for revision, (variant, identity) in {**known, **found}.items():
            body = model_identity.config_map(
                self._owner, revision=revision, variant=variant, identity=identity
            )
            await self._keep_identity(revision, body)
        await self._remember_identities(plan)

    async def _keep_identity(self, revision: str, body: client.Object) -> None:
        if revision in self._raw.of(kinds.CONFIG_MAP):
            await self._ensure(kinds.CONFIG_MAP, body)
        else:
            # The first one found counts, for good: a second one that is met meanwhile must not replace it.
            write = apply.create_once(self._cluster, kinds.CONFIG_MAP, body)
            await self._attempt(write, kinds.CONFIG_MAP, revision)

    async def _remember_identities(self, plan: plans.Plan) -> None:
        """Beside each roll-out that stays, those of its revisions: ConfigMaps go with what mounts them."""
        for item in self._seen.roll_outs:
            stored = self._raw.of(kinds.CONTROLLER_REVISION)[item.name]
            revisions = [variant.revision for variant in item.variants]
            known = {name: self._seen.identities[name] for name in revisions if name in self._seen.identities}
            if item.name not in plan.forget and model_identity.remembered(stored) != known:
                text = model_identity.remembrance(known)
                note = self._merge_marks(stored, {"annotations": {model_identity.REMEMBERED: text}})
                await self._attempt(note, kinds.CONTROLLER_REVISION, item.name)

    async def _ensure_revision(self, revision: str, wanted: plans.Wanted) -> None:
        headless = service.revision_service(
            self._owner, revision=revision, variant=wanted.variant.variant_name
        )
        await self._ensure(kinds.SERVICE, headless)
        body = deployment.deployment(self._owner, wanted.variant)
        creation = deployment.deployment(self._owner, wanted.variant, replicas=wanted.replicas)
        await self._ensure(kinds.DEPLOYMENT, body, creation=creation)

    async def _scale(self, revision: str, replicas: int) -> None:
        present = self._raw.of(kinds.DEPLOYMENT).get(revision)
        if present is not None:
            await self._attempt(apply.scale(self._cluster, present, replicas), kinds.DEPLOYMENT, revision)

    async def _delete_revision(self, revision: str) -> None:
        for kind in (kinds.DEPLOYMENT, kinds.SERVICE, kinds.CONFIG_MAP):
            await self._delete(kind, revision)

    async def _delete(self, kind: kinds.Kind, name: str) -> None:
        present = self._raw.of(kind).get(name)
        if present is not None:
            await self._attempt(apply.delete(self._cluster, kind, present), kind, name)

    async def _ensure(
        self, kind: kinds.Kind, body: client.Object, *, creation: client.Object | None = None
    ) -> bool:
        name = body["metadata"]["name"]
        present = self._raw.of(kind).get(name)
        write = apply.ensure(self._cluster, kind, body, present, creation=creation)
        return await self._attempt(write, kind, name)

    async def _attempt(self, write: Coroutine[Any, Any, object], kind: kinds.Kind, name: str) -> bool:
        """Whether it was written. One object's trouble holds up no other object; no answer at all ends the attempt
        at once."""
        try:
            await write
        except errors.UnreachableError:
            raise
        except apply.NameTakenError:
            self.outcome.conflicts.append(observed.Conflict(kind=kind.name, name=name))
        except errors.ClusterError as exc:
            self.outcome.failed.append(exc)
            reason = _REASONS.get(type(exc))
            if reason is not None:
                failure = observed.Failure(reason, exc.said or str(exc))
                self.outcome.refusals.append(observed.Refusal(kind.name, name, failure))
        else:
            return True
        return False


def _accounts(seen: observed.Observed, plan: plans.Plan) -> set[str]:
    """The variants' own accounts that some router runs as, or is about to.

    Pods that serve no more are waited for until they have the newest table, so theirs stay as long as they do.
    """
    revisions = {*plan.wanted, *plan.leftover, *(pod.revision for pod in seen.pods)}
    wanted = [item.variant for item in plan.wanted.values()]
    stored = [variant for item in seen.roll_outs for variant in item.variants]
    return {
        variant.service_account_name
        for variant in (*wanted, *stored)
        if variant.revision in revisions and variant.service_account_name
    }
