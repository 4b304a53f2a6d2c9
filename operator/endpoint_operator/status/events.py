"""What is worth an event: transitions between two statuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from endpoint_operator.rollout import plan as plans


@dataclass(frozen=True, slots=True)
class Event:
    """An event about the Endpoint: ``type`` is Normal or Warning, ``reason`` one CamelCase word."""

    type: str
    reason: str
    message: str


def transitions(old: Mapping[str, Any], new: Mapping[str, Any], plan: plans.Plan) -> tuple[Event, ...]:
    """The events to post when the status changes from ``old`` ({} at first) to ``new``, in order."""
    raise NotImplementedError
