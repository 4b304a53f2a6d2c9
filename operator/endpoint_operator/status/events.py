"""What is worth an event: transitions between two statuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from endpoint_operator.rollout import plan as plans
from endpoint_operator.rollout import reasons
from endpoint_operator.status import conditions, verdict

NORMAL = "Normal"
WARNING = "Warning"

_WORTH_A_WARNING = frozenset({reasons.ALL_WEIGHTS_ZERO, reasons.UNKNOWN_VARIANT, reasons.ROUTER_UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Event:
    """An event about the Endpoint: ``type`` is Normal or Warning, ``reason`` one CamelCase word."""

    type: str
    reason: str
    message: str


def transitions(old: Mapping[str, Any], new: Mapping[str, Any], plan: plans.Plan) -> tuple[Event, ...]:
    """The events to post when the status changes from ``old`` ({} at first) to ``new``, in order.

    What two conditions say alike is said once.
    """
    found = (
        *_config(old, new, plan),
        *_serving(old, new),
        *_progressing(old, new),
        *_degraded(old, new),
        *_weights(old, new),
    )
    by_reason: dict[tuple[str, str], Event] = {}
    for event in found:
        by_reason.setdefault((event.type, event.reason), event)
    return tuple(by_reason.values())


def _config(old: Mapping[str, Any], new: Mapping[str, Any], plan: plans.Plan) -> Iterator[Event]:
    before, now = old.get("endpointConfigName"), new.get("endpointConfigName")
    if not now or before == now:
        return
    if not before:
        yield Event(
            NORMAL, reasons.ROLLING_OUT, f"EndpointConfig {now} is the first to serve; its pods start."
        )
        return
    yield Event(NORMAL, "ConfigServing", f"EndpointConfig {now} serves now instead of {before}.")
    for reason, what, carried in (
        ("WeightsCarriedOver", "Weights", plan.carried_over),
        ("InstanceCountsCarriedOver", "Instance counts", plan.carried_counts),
    ):
        if carried:
            listed = ", ".join(f"{name}={value:g}" for name, value in sorted(carried.items()))
            yield Event(NORMAL, reason, f"{what} of the Endpoint's spec apply to {now} too: {listed}.")


def _serving(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Event]:
    before, now = _condition(old, conditions.SERVING), _condition(new, conditions.SERVING)
    if before.get("status") == now.get("status"):
        return
    if now.get("status") == verdict.TRUE:
        yield _event(NORMAL, now)
    elif before:
        yield _event(NORMAL if now.get("reason") == reasons.SCALED_TO_ZERO else WARNING, now)


def _progressing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Event]:
    before, now = _condition(old, conditions.PROGRESSING), _condition(new, conditions.PROGRESSING)
    if before.get("reason") == now.get("reason") and before.get("status") == now.get("status"):
        return
    if now.get("status") == verdict.TRUE:
        if now.get("reason") in (reasons.ROLLING_OUT, reasons.DRAINING):
            yield _event(NORMAL, now)
    elif now.get("reason") != reasons.COMPLETE:
        yield _event(WARNING, now)
    elif before:
        yield _event(NORMAL, now)


def _degraded(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Event]:
    before, now = _condition(old, conditions.DEGRADED), _condition(new, conditions.DEGRADED)
    if now.get("status") == verdict.TRUE:
        if before.get("status") != verdict.TRUE or before.get("reason") != now.get("reason"):
            yield _event(WARNING, now)
    elif before.get("status") == verdict.TRUE:
        yield Event(NORMAL, "Recovered", "Nothing is wrong any more.")


def _weights(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Event]:
    before, now = _condition(old, conditions.WEIGHTS_APPLIED), _condition(new, conditions.WEIGHTS_APPLIED)
    is_new = before.get("status") != now.get("status") or before.get("reason") != now.get("reason")
    if now.get("reason") in _WORTH_A_WARNING and is_new:
        yield _event(WARNING, now)
    if new.get("weights") and new.get("weights") != old.get("weights"):
        who = "Every router" if now.get("status") == verdict.TRUE else "Every router that answers"
        yield Event(NORMAL, "WeightsApplied", f"{who} splits requests {new['weights']}.")


def _condition(status: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    return next((item for item in status.get("conditions") or () if item.get("type") == type_), {})


def _event(type_: str, condition: Mapping[str, Any]) -> Event:
    return Event(type_, str(condition["reason"]), str(condition["message"]))
