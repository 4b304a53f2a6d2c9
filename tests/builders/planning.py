"""What is planned for an endpoint under construction, and the endpoint after it: ``plan(TWO.ready().asks(...))``."""

from endpoint_contract import route_table
from endpoint_operator.rollout import cutover
from endpoint_operator.rollout import plan as plans
from tests.builders import snapshots


def plan(endpoint: snapshots.Endpoint) -> plans.Plan:
    """What is to be done for the endpoint now."""
    return cutover.plan(endpoint.observed(), endpoint.coming)


def table_write(endpoint: snapshots.Endpoint) -> plans.TableWrite:
    """The write of a route table that the plan asks for."""
    write = plan(endpoint).table_write
    assert write is not None
    return write


def table_of(table: route_table.RouteTable) -> dict[str, tuple[float, dict[str, float]]]:
    """Weight and backends of each variant."""
    return {
        item.name: (item.weight, {str(backend.service): backend.weight for backend in item.backends})
        for item in table.variants
    }


def written(endpoint: snapshots.Endpoint) -> dict[str, tuple[float, dict[str, float]]]:
    """Weight and backends of each variant in the table that the plan writes."""
    return table_of(table_write(endpoint).table)


def carried_out(endpoint: snapshots.Endpoint) -> snapshots.Endpoint:
    """The endpoint after the plan's table was written; routers don't have it yet."""
    write = table_write(endpoint)
    return endpoint.seeing(
        table=write.table, serving_name=write.serving_name, backends_since=write.backends_since
    )
