"""The ConfigMap that holds which artefact a variant revision serves; later pods of the revision are held
to it.

It says it twice, so that what somebody changed by hand can be put back: nowhere else is it kept for good. Immutable
it can't be: a kubelet goes on giving the old content of an immutable one to the pods of one that was made anew.
"""

from collections.abc import Mapping
from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import model_identity
from endpoint_operator.desired import labels, metadata
from endpoint_operator.desired.owner import Owner

COPY = f"{words.DOMAIN}/model-identity"
"""The annotation with the operator's own copy; loaders read the data."""


def config_map(
    owner: Owner, *, revision: str, variant: str, identity: model_identity.ModelIdentity
) -> dict[str, Any]:
    """The ConfigMap named as the revision, with the identity that its first pod's loader found."""
    text = model_identity.render(identity)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata.of(
            revision,
            owner,
            labels.revision(owner.name, variant=variant, revision=revision),
            annotations={COPY: text},
        ),
        "data": {model_identity.CONFIG_MAP_KEY: text},
    }


def read(observed: Mapping[str, Any]) -> model_identity.ModelIdentity | None:
    """The identity in an observed ConfigMap, or None when it holds none that parses; the copy counts first."""
    copy = (observed.get("metadata", {}).get("annotations") or {}).get(COPY, "")
    text = (observed.get("data") or {}).get(model_identity.CONFIG_MAP_KEY, "")
    return _identity(copy) or _identity(text)


def _identity(text: str) -> model_identity.ModelIdentity | None:
    try:
        return model_identity.parse(text)
    except model_identity.ModelIdentityError:
        return None
