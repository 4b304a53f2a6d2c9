"""What a new snapshot changes, in words for the log. Pure."""

from endpoint_contract import route_table
from endpoint_router import routing


def describe(old: routing.Snapshot | None, new: routing.Snapshot) -> str:
    """One line: what differs between two snapshots, or the whole split when there was none before."""
    if old is None:
        shares = [f"{name} {_percent(share)}" for name, share in new.table.shares().items()]
        parts = [_part("weights", shares), _part("ready", _ready_changes({}, new.ready_addresses()))]
    else:
        parts = [
            _part("weights", _weight_changes(old.table, new.table)),
            _part("added", sorted(_names(new.table) - _names(old.table))),
            _part("removed", sorted(_names(old.table) - _names(new.table))),
            _part("backends", _backend_changes(old.table, new.table)),
            _part("ready", _ready_changes(old.ready_addresses(), new.ready_addresses())),
        ]
    return "; ".join(part for part in parts if part) or "routed as before"


def _weight_changes(old: route_table.RouteTable, new: route_table.RouteTable) -> list[str]:
    before = old.shares()
    return [
        f"{name} {_percent(before.get(name, 0.0))} → {_percent(share)}"
        for name, share in new.shares().items()
        if share != before.get(name)
    ]


def _backend_changes(old: route_table.RouteTable, new: route_table.RouteTable) -> list[str]:
    before = {variant.name: variant.backends for variant in old.variants}
    return [
        f"{variant.name} {_backends(before[variant.name])} → {_backends(variant.backends)}"
        for variant in new.variants
        if variant.name in before and variant.backends != before[variant.name]
    ]


def _ready_changes(old: dict[str, int], new: dict[str, int]) -> list[str]:
    return [
        f"{service} {old[service]} → {count}" if service in old else f"{service} {count}"
        for service, count in new.items()
        if count != old.get(service)
    ]


def _backends(backends: tuple[route_table.Backend, ...]) -> str:
    return " + ".join(
        (backend.service or ",".join(backend.addresses)) + ("" if backend.weight > 0 else " (weight 0)")
        for backend in backends
    )


def _names(table: route_table.RouteTable) -> set[str]:
    return {variant.name for variant in table.variants}


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _part(title: str, items: list[str]) -> str:
    return f"{title} {', '.join(items)}" if items else ""
