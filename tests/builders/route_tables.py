"""Route tables and snapshots that read well in tests."""

from collections.abc import Mapping

from endpoint_contract import route_table
from endpoint_router import routing


def a_table(*, revision: int = 1, endpoint: str = "churn", **weights: float) -> route_table.RouteTable:
    """Variants by name and weight, each served by the headless Service ``<endpoint>-<name, lower case>``."""
    return route_table.RouteTable(
        endpoint=endpoint,
        revision=revision,
        variants=tuple(
            route_table.Variant(name, float(weight), (route_table.Backend(f"{endpoint}-{name.lower()}"),))
            for name, weight in (weights or {"Variant1": 1.0}).items()
        ),
    )


def a_file_table(
    variants: Mapping[str, tuple[float, str]], *, revision: int = 1, endpoint: str = "churn"
) -> str:
    """The JSON document of a table with fixed addresses: ``{"Variant1": (0.5, "127.0.0.1:9001")}``."""
    return route_table.render(
        route_table.RouteTable(
            endpoint=endpoint,
            revision=revision,
            variants=tuple(
                route_table.Variant(name, weight, (route_table.Backend(addresses=(address,)),))
                for name, (weight, address) in variants.items()
            ),
        )
    )


def a_snapshot(table: route_table.RouteTable, **ready: tuple[str, ...]) -> routing.Snapshot:
    """A table with the ready addresses of its Services, named with ``_`` for ``-``."""
    return routing.Snapshot(
        table, {name.replace("_", "-"): routing.Addresses(ready=found) for name, found in ready.items()}
    )
