"""The Deployment of a variant revision, made from the pod template that its roll-out stored."""

from typing import Any

from endpoint_contract import labels as words
from endpoint_operator.desired import labels, metadata, roll_out
from endpoint_operator.desired.owner import Owner

PROGRESS_DEADLINE_SECONDS = 600


def deployment(
    owner: Owner, variant: roll_out.StoredVariant, *, replicas: int | None = None
) -> dict[str, Any]:
    """The Deployment named as the revision. ``replicas`` is given only when it is created: later the scale
    subresource alone writes it."""
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {words.REVISION: variant.revision}},
        "template": variant.template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
        "revisionHistoryLimit": 1,
        "progressDeadlineSeconds": PROGRESS_DEADLINE_SECONDS,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata.of(
            variant.revision,
            owner,
            labels.revision(owner.name, variant=variant.variant_name, revision=variant.revision),
        ),
        "spec": spec if replicas is None else {**spec, "replicas": replicas},
    }
