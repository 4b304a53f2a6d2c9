"""Which artefact a variant revision serves: what the model loader found, and later loads are held to.

The loader writes it as its container's termination message; the operator keeps the first one of a revision
in a ConfigMap that later pods of the revision mount, so that one revision is one model.
"""

import json
from dataclasses import dataclass

CONFIG_MAP_KEY = "identity.json"


class ModelIdentityError(ValueError):
    """The document is no model identity."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """``e_tag`` is the store's, empty if it has none; ``sha256`` is over the artefact's bytes, 64 hex digits."""

    data_url: str
    e_tag: str
    sha256: str
    size_bytes: int


def render(identity: ModelIdentity) -> str:
    """The identity as its one-line JSON document."""
    return json.dumps(
        {
            "dataUrl": identity.data_url,
            "eTag": identity.e_tag,
            "sha256": identity.sha256,
            "sizeBytes": identity.size_bytes,
        }
    )


def parse(text: str | bytes) -> ModelIdentity:
    """The identity in a JSON document. Raises ModelIdentityError."""
    try:
        document = json.loads(text)
        return ModelIdentity(
            data_url=str(document["dataUrl"]),
            e_tag=str(document["eTag"]),
            sha256=str(document["sha256"]),
            size_bytes=int(document["sizeBytes"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as exc:
        raise ModelIdentityError(f"not a model identity: {exc}") from exc
