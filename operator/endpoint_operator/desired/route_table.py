"""The ConfigMap with the route table: the one write that moves an endpoint's traffic.

Which roll-out serves, and since when the table names these backends, are annotations of the same object, so
that they change in the same write.
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
BACKENDS_SINCE = f"{words.DOMAIN}/backends-since"


@dataclass(frozen=True, slots=True)
class Written:
    """What a route table's ConfigMap says. ``table`` is None when somebody damaged it; ``serving`` is a
    roll-out's name; ``backends_since`` is when the table last named other backends, which a new weight
    does not change."""

    table: route_table.RouteTable | None
    serving: str | None
    backends_since: datetime | None


def config_map(
    owner: Owner, table: route_table.RouteTable, *, serving: str, backends_since: datetime
) -> dict[str, Any]:
    """The ConfigMap that routers watch. ``backends_since`` is aware of its time zone."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata.of(
            names.routes(owner.name),
            owner,
            labels.endpoint(owner.name),
            annotations={SERVING: serving, BACKENDS_SINCE: backends_since.isoformat()},
        ),
        "data": {route_table.CONFIG_MAP_KEY: route_table.render(table)},
    }


def read(observed: Mapping[str, Any]) -> Written:
    """What an observed ConfigMap says; a part that does not parse is None."""
    annotations = observed.get("metadata", {}).get("annotations") or {}
    return Written(
        table=_table((observed.get("data") or {}).get(route_table.CONFIG_MAP_KEY, "")),
        serving=annotations.get(SERVING) or None,
        backends_since=_instant(annotations.get(BACKENDS_SINCE, "")),
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
