"""From what the API server and the routers said to the snapshot that decisions are made from."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from endpoint_contract import labels, model_identity
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.api import errors, parse
from endpoint_operator.cluster import client, kinds, observe
from endpoint_operator.desired import model_identity as identities
from endpoint_operator.desired import names, roll_out, route_table
from endpoint_operator.reconcile import acknowledgements
from endpoint_operator.rollout import first_identity, observed, pod_state, reasons

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Config:
    """The EndpointConfig that the spec names: itself, or why it can't be used."""

    parsed: config_kind.EndpointConfig | None
    failure: observed.Failure | None


def config(raw: client.Object | None, name: str) -> Config:
    """The config as parsed; a missing one and one that breaks the schema are failures for the status."""
    if raw is None:
        missing = f"there is no EndpointConfig {name}"
        return Config(None, observed.Failure(reasons.CONFIG_NOT_FOUND, missing))
    try:
        return Config(parse.endpoint_config(raw), None)
    except errors.InvalidResource as exc:
        return Config(None, observed.Failure(reasons.CONFIG_INVALID, f"EndpointConfig {name}: {exc}"))


def stored_roll_outs(raw: observe.Raw) -> tuple[roll_out.StoredRollOut, ...]:
    """The roll-outs stored for the endpoint, oldest first; a damaged one is left out and logged."""
    found = []
    for item in raw.of(kinds.CONTROLLER_REVISION).values():
        try:
            found.append(roll_out.from_controller_revision(item))
        except roll_out.StoredRollOutError as exc:
            logger.warning("a stored roll-out is not used: %s", exc)
    return tuple(sorted(found, key=lambda stored: stored.number))


def build(
    raw: observe.Raw,
    *,
    endpoint: endpoint_kind.Endpoint,
    config_failure: observed.Failure | None,
    roll_outs: tuple[roll_out.StoredRollOut, ...],
    heard: acknowledgements.Heard,
    now: float,
    drain_seconds: float,
) -> observed.Observed:
    """The snapshot; ``now`` is in seconds since the epoch."""
    written = _written(raw, endpoint.name)
    return observed.Observed(
        endpoint=endpoint,
        now=now,
        config_failure=config_failure,
        roll_outs=roll_outs,
        serving_name=(written and written.serving) or _labelled_serving(raw),
        table=written.table if written else None,
        backends_since=written.backends_since.timestamp() if written and written.backends_since else None,
        deployments=_deployments(raw),
        services=frozenset(_of_revisions(raw, kinds.SERVICE)),
        identity_maps=frozenset(_of_revisions(raw, kinds.CONFIG_MAP)),
        identities=_identities(raw),
        pods=tuple(pod_state.pod(item) for item in raw.of(kinds.POD).values()),
        reports=heard.answers,
        named_until=heard.named_until,
        asked_since=heard.asked_since,
        drain_seconds=drain_seconds,
    )


def identities_to_keep(
    seen: observed.Observed, wanted: Iterable[str]
) -> dict[str, tuple[str, model_identity.ModelIdentity]]:
    """Variant and identity of each ``wanted`` revision of which a pod's loader has found one that is not
    stored yet. Pods outlive their revision for a while: theirs is not stored again."""
    return {
        revision: found
        for revision in wanted
        if revision not in seen.identities and (found := first_identity.find(seen, revision)) is not None
    }


def _written(raw: observe.Raw, endpoint_name: str) -> route_table.Written | None:
    item = raw.of(kinds.CONFIG_MAP).get(names.routes(endpoint_name))
    return route_table.read(item) if item is not None else None


def _labelled_serving(raw: observe.Raw) -> str | None:
    """The fallback when the table's ConfigMap is gone: the label on the stored roll-out."""
    for name, item in raw.of(kinds.CONTROLLER_REVISION).items():
        if roll_out.is_marked_serving(item):
            return name
    return None


def _of_revisions(raw: observe.Raw, kind: kinds.Kind) -> dict[str, client.Object]:
    """Only the objects of variant revisions, each named as its revision; not those of the endpoint as a whole."""
    found = raw.of(kind).items()
    return {
        name: item
        for name, item in found
        if (item["metadata"].get("labels") or {}).get(labels.REVISION) == name
    }


def _deployments(raw: observe.Raw) -> dict[str, observed.DeploymentState]:
    return {name: pod_state.deployment(item) for name, item in _of_revisions(raw, kinds.DEPLOYMENT).items()}


def _identities(raw: observe.Raw) -> dict[str, model_identity.ModelIdentity]:
    """What is remembered counts before what stands in a ConfigMap, which is there to be mounted."""
    read = {name: identities.read(item) for name, item in _of_revisions(raw, kinds.CONFIG_MAP).items()}
    found = {name: identity for name, identity in read.items() if identity is not None}
    for stored in raw.of(kinds.CONTROLLER_REVISION).values():
        found |= identities.remembered(stored)
    return found
