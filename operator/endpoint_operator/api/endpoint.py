"""The kind Endpoint: several model variants behind one address, and how traffic is split between them now."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from endpoint_contract import labels
from endpoint_operator.api import fields

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
NAME_MAX_LENGTH = 63


def is_valid_name(name: str) -> bool:
    """Whether an Endpoint may be called so: its Service gets the same name."""
    return len(name) <= NAME_MAX_LENGTH and re.match(rf"{NAME_PATTERN[:-1]}\Z", name) is not None


class EndpointSpec(fields.Model):
    """What the Endpoint should serve, and how requests are split between its variants."""

    endpoint_config_name: fields.ObjectName
    """Name of the EndpointConfig, in the same namespace, whose variants this Endpoint serves. Naming
    another one starts its variants beside the running ones and moves the requests when they are ready; no
    request fails."""

    weights: Mapping[str, fields.Weight] = Field(
        default_factory=dict,
        max_length=fields.MAX_OVERRIDES,
        json_schema_extra=fields.keys_are_variant_names(),
    )
    """Weight of each variant, by variantName. A variant's share of the requests is its weight divided by
    the sum of all weights. A variant that is not named here keeps its initialVariantWeight. With weight 0
    a variant gets only the requests that name it. Changing weights restarts nothing."""

    instance_counts: Mapping[str, fields.InstanceCount] = Field(
        default_factory=dict,
        max_length=fields.MAX_OVERRIDES,
        json_schema_extra=fields.keys_are_variant_names(),
    )
    """Number of pods of each variant, by variantName. A variant that is not named here keeps its
    initialInstanceCount."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Endpoint as the operator read it. ``annotations`` are all of the object's."""

    name: str
    namespace: str
    uid: str
    generation: int
    annotations: Mapping[str, str]
    spec: EndpointSpec
    is_being_deleted: bool = False

    @property
    def restart(self) -> str:
        """Value of the annotation with which a user rolls all pods on purpose; empty when absent."""
        return self.annotations.get(labels.RESTART, "")
