from datetime import UTC, datetime

import pytest

from endpoint_contract import route_table as tables
from endpoint_operator.desired import owner, route_table

OWNER = owner.Owner(name="churn", namespace="team", uid="1")
TABLE = tables.RouteTable("churn", 3, (tables.Variant("A", 1.0, (tables.Backend(service="churn-a-1"),)),))
BACKENDS_SINCE = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)


def test_what_is_written_is_read_again() -> None:
    written = route_table.config_map(OWNER, TABLE, serving="churn-0123456789", backends_since=BACKENDS_SINCE)
    assert written["metadata"]["name"] == "churn-routes"
    assert route_table.read(written) == route_table.Written(TABLE, "churn-0123456789", BACKENDS_SINCE)


@pytest.mark.parametrize(
    "observed",
    [
        {},
        {"metadata": {"annotations": None}, "data": None},
        {"metadata": {}, "data": {"routes.json": "{"}},
        {"metadata": {"annotations": {"pointsman.dev/backends-since": "noon", "pointsman.dev/serving": ""}}},
        {"metadata": {"annotations": {"pointsman.dev/backends-since": "2026-11-22T01:02:03"}}},
    ],
    ids=["nothing", "nulls", "no table", "no instant", "no time zone"],
)
def test_what_somebody_damaged_is_as_good_as_absent(observed: dict[str, object]) -> None:
    assert route_table.read(observed) == route_table.Written(None, None, None)
