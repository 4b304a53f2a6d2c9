"""One rolled-out config as it is stored in a ControllerRevision: rendered once, applied from there ever after.

So neither a new version of the operator nor a change of its defaults restarts a pod.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.desired import defaults as installation
from endpoint_operator.desired.owner import Owner


class StoredRollOutError(ValueError):
    """A ControllerRevision that this operator cannot have written; the message names the object and the field."""


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a variant's three containers, as they stand in its template."""

    model: str
    loader: str
    router: str


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One variant of a roll-out. ``template`` is a PodTemplateSpec; ``revision`` names its Deployment and Service."""

    variant_name: str
    initial_variant_weight: float
    initial_instance_count: int
    revision: str
    template: Mapping[str, Any]
    images: Images
    data_url: str
    service_account_name: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRollOut:
    """``name`` is the ControllerRevision's; ``number`` counts the Endpoint's roll-outs; ``uid`` is None until stored."""

    name: str
    config_name: str
    content_hash: str
    number: int
    variants: tuple[StoredVariant, ...]
    restart: str = ""
    uid: str | None = None


def new(
    endpoint: endpoint_kind.Endpoint,
    config: config_kind.EndpointConfig,
    previous: Sequence[StoredRollOut],
    defaults: installation.Defaults,
) -> StoredRollOut:
    """The roll-out that ``endpoint`` asks for: the stored one of the same content if there is one, else a new one."""
    raise NotImplementedError


def to_controller_revision(roll_out: StoredRollOut, owner: Owner, *, serving: bool) -> dict[str, Any]:
    """The ControllerRevision that stores ``roll_out``."""
    raise NotImplementedError


def from_controller_revision(raw: Mapping[str, Any]) -> StoredRollOut:
    """The roll-out that a ControllerRevision stores. Raises StoredRollOutError."""
    raise NotImplementedError
