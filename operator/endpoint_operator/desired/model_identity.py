"""The ConfigMap that holds which artefact a variant revision serves; later pods of the revision are held
to it."""

from collections.abc import Mapping
from typing import Any

from endpoint_contract import model_identity
from endpoint_operator.desired import labels, metadata
from endpoint_operator.desired.owner import Owner


def config_map(
    owner: Owner, *, revision: str, variant: str, identity: model_identity.ModelIdentity
) -> dict[str, Any]:
    """The ConfigMap named as the revision, with the identity that its first pod's loader found."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata.of(
            revision, owner, labels.revision(owner.name, variant=variant, revision=revision)
        ),
        "data": {model_identity.CONFIG_MAP_KEY: model_identity.render(identity)},
    }


def read(observed: Mapping[str, Any]) -> model_identity.ModelIdentity | None:
    """The identity in an observed ConfigMap, or None when it holds none that parses."""
    try:
        return model_identity.parse((observed.get("data") or {}).get(model_identity.CONFIG_MAP_KEY, ""))
    except model_identity.ModelIdentityError:
        return None
