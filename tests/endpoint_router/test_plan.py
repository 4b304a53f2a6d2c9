from endpoint_router import counters, plan, routing, upstream
from http_protocol import client
from tests.builders import route_tables


async def test_a_plan_has_pods_counters_and_lines_ready() -> None:
    upstreams, counted = upstream.Upstreams("", client.Bounds()), counters.Counters()
    table = route_tables.a_table(A=1, B=0)
    snapshot = route_tables.a_snapshot(table, churn_a=("10.0.0.1:8080",))
    made = plan.bind(routing.compile_routing(snapshot), upstreams, counted)
    (lane,) = made.untargeted
    assert lane.counters is counted.variant("A")
    assert (
        lane.header_lines == b"x-Amzn-Invoked-Production-Variant: A\r\nx-Pointsman-Route-Reason: weight\r\n"
    )
    assert [pod.address for pod in lane.pods] == ["10.0.0.1:8080"]
    assert made.targeted[b"B"] == ()
    assert made.can_serve
    await upstreams.close()


async def test_a_plan_without_pods_cannot_serve() -> None:
    upstreams = upstream.Upstreams("", client.Bounds())
    snapshot = route_tables.a_snapshot(route_tables.a_table(A=1))
    assert not plan.bind(routing.compile_routing(snapshot), upstreams, counters.Counters()).can_serve
    await upstreams.close()
