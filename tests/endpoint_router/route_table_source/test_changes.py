import dataclasses

import pytest

from endpoint_contract import route_table
from endpoint_router import routing
from endpoint_router.route_table_source import changes
from tests.builders import route_tables

HALF = route_tables.a_snapshot(
    route_tables.a_table(Variant1=1, Variant2=1), churn_variant1=("10.0.0.1:8080",)
)


def with_table(table: route_table.RouteTable) -> routing.Snapshot:
    return dataclasses.replace(HALF, table=table)


def with_backends(*backends: route_table.Backend) -> routing.Snapshot:
    first, *others = HALF.table.variants
    variants = (dataclasses.replace(first, backends=backends), *others)
    return with_table(dataclasses.replace(HALF.table, variants=variants))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        pytest.param(
            None,
            HALF,
            "weights Variant1 50%, Variant2 50%; ready churn-variant1 1, churn-variant2 0",
            id="the first one",
        ),
        pytest.param(
            HALF,
            with_table(route_tables.a_table(Variant1=1, Variant2=3)),
            "weights Variant1 50% → 25%, Variant2 50% → 75%",
            id="weights",
        ),
        pytest.param(
            HALF,
            with_table(route_tables.a_table(Variant1=1, Variant3=1)),
            "weights Variant3 0% → 50%; added Variant3; removed Variant2; ready churn-variant3 0",
            id="variants",
        ),
        pytest.param(
            HALF,
            with_backends(route_table.Backend("churn-variant1"), route_table.Backend("new", weight=0)),
            "backends Variant1 churn-variant1 → churn-variant1 + new (weight 0); ready new 0",
            id="backends",
        ),
        pytest.param(
            HALF,
            route_tables.a_snapshot(HALF.table, churn_variant1=("10.0.0.1:8080", "10.0.0.2:8080")),
            "ready churn-variant1 1 → 2",
            id="addresses",
        ),
        pytest.param(
            HALF,
            with_table(route_tables.a_table(revision=2, Variant1=2, Variant2=2)),
            "routed as before",
            id="none",
        ),
    ],
)
def test_a_line_says_what_changed(old: routing.Snapshot | None, new: routing.Snapshot, line: str) -> None:
    assert changes.describe(old, new) == line
