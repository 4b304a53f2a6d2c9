"""The ConfigMap with the route table: the one write that moves an endpoint's traffic.

Which roll-out serves and when the table was written are annotations of the same object, so that they
change in the same write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import route_table
from endpoint_operator.desired import labels, metadata, names
from endpoint_operator.desired.owner import Owner

SERVING = words.SERVING
WRITTEN_AT = f"{words.DOMAIN}/written-at"


@dataclass(frozen=True, slots=True)
class Written:
    """What a route table's ConfigMap says. ``table`` is None when somebody damaged it; ``serving`` is a
    roll-out's name."""

    table: route_table.RouteTable | None
    serving: str | None
    written_at: datetime | None


def config_map(
    owner: Owner, table: route_table.RouteTable, *, serving: str, written_at: datetime
) -> dict[str, Any]:
    """The ConfigMap that routers watch. ``written_at`` is aware of its time zone."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata.of(
            names.routes(owner.name),
            owner,
            labels.endpoint(owner.name),
            annotations={SERVING: serving, WRITTEN_AT: written_at.isoformat()},
        ),
        "data": {route_table.CONFIG_MAP_KEY: route_table.render(table)},
    }


def read(observed: Mapping[str, Any]) -> Written:
    """What an observed ConfigMap says; a part that does not parse is None."""
    annotations = observed.get("metadata", {}).get("annotations") or {}
    return Written(
        table=_table((observed.get("data") or {}).get(route_table.CONFIG_MAP_KEY, "")),
        serving=annotations.get(SERVING) or None,
        written_at=_instant(annotations.get(WRITTEN_AT, "")),
    )


def _table(text: str) -> route_table.RouteTable | None:
    try:
        return route_table.parse(text)
    except route_table.RouteTableError:
        return None


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
