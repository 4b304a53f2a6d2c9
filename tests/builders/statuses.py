"""The status of an endpoint under construction, and what stands in it: ``condition(status_of(...), "Ready")``."""

from typing import Any

from endpoint_operator.rollout import observed
from endpoint_operator.status import summary
from tests.builders import planning, snapshots

DOWNLOAD = observed.Failure("ModelDownloadFailed", "ModelDownloadFailed: s3://models/b: no such key")
SERVED = {"endpointStatus": "InService"}
"""As much of an earlier status as says that the endpoint has answered requests."""


def status_of(endpoint: snapshots.Endpoint, previous: dict[str, Any] | None = None) -> dict[str, Any]:
    """The status that is written for the endpoint when ``previous`` stands there."""
    return summary.build(endpoint.observed(), planning.plan(endpoint), previous or {})


def condition(status: dict[str, Any], type_: str) -> tuple[str, str]:
    """Status and reason of the condition of that type."""
    item = _condition(status, type_)
    return item["status"], item["reason"]


def message(status: dict[str, Any], type_: str) -> str:
    """What the condition of that type says in words."""
    return str(_condition(status, type_)["message"])


def _condition(status: dict[str, Any], type_: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in status["conditions"] if item["type"] == type_)
    return found
