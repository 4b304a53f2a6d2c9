"""Which artefact a variant revision serves; every later pod of the revision is held to it.

A ConfigMap, which the loaders mount, says it as long as the revision runs. For good it is remembered beside the stored
roll-outs that name the revision: to go back to one is to go back to what it served. Immutable the ConfigMap can't be: a
kubelet goes on giving the old content of an immutable one to the pods of one that was made anew.
"""

import json
from collections.abc import Mapping
from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import model_identity
from endpoint_operator.desired import labels, metadata
from endpoint_operator.desired.owner import Owner

REMEMBERED = f"{words.DOMAIN}/model-identities"
"""The annotation of a stored roll-out: an object of identities by revision."""


def config_map(
    owner: Owner, *, revision: str, variant: str, identity: model_identity.ModelIdentity
) -> dict[str, Any]:
    """The ConfigMap named as the revision, with the identity that its first pod's loader found."""
    marks = labels.revision(owner.name, variant=variant, revision=revision)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata.of(revision, owner, marks),
        "data": {model_identity.CONFIG_MAP_KEY: model_identity.render(identity)},
    }


def read(config_map: Mapping[str, Any]) -> model_identity.ModelIdentity | None:
    """The identity in an observed ConfigMap, or None when it holds none that parses."""
    return _identity((config_map.get("data") or {}).get(model_identity.CONFIG_MAP_KEY, ""))


def remembrance(identities: Mapping[str, model_identity.ModelIdentity]) -> str:
    """What `REMEMBERED` says of these revisions."""
    documents = {
        revision: json.loads(model_identity.render(identity))
        for revision, identity in sorted(identities.items())
    }
    return json.dumps(documents)


def remembered(stored: Mapping[str, Any]) -> dict[str, model_identity.ModelIdentity]:
    """The identities by revision beside an observed ControllerRevision; what does not parse is left out."""
    text = (stored.get("metadata", {}).get("annotations") or {}).get(REMEMBERED, "{}")
    try:
        documents = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(documents, dict):
        return {}
    found = {revision: _identity(json.dumps(document)) for revision, document in documents.items()}
    return {revision: identity for revision, identity in found.items() if identity is not None}


def _identity(text: str) -> model_identity.ModelIdentity | None:
    try:
        return model_identity.parse(text)
    except model_identity.ModelIdentityError:
        return None
