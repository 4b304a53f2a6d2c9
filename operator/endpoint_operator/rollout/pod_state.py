"""What a pod and a Deployment say about themselves, from the API's JSON."""

from collections.abc import Mapping
from typing import Any

from endpoint_operator.rollout.observed import DeploymentState, PodState


def pod(raw: Mapping[str, Any]) -> PodState:
    """The state of a variant's pod."""
    raise NotImplementedError


def deployment(raw: Mapping[str, Any]) -> DeploymentState:
    """The state of a revision's Deployment."""
    raise NotImplementedError
