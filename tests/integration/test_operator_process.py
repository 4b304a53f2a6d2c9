"""Operators as processes: one leads, the others wait, and an API server that is away ends nobody."""

import signal
import time
from pathlib import Path

import aiohttp
import pytest

import tests.cluster
from endpoint_contract import route_table
from endpoint_operator.cluster import kinds
from tests.builders import figures, live_operator
from tests.builders.worlds import World

pytestmark = pytest.mark.integration


async def answer(operator: live_operator.Process, path: str) -> int:
    """The status of a probe; 0 when nobody listens."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{operator.port}{path}") as reply,
        ):
            return reply.status
    except aiohttp.ClientError:
        return 0


async def until_leading(operator: live_operator.Process, seconds: float = 25.0) -> None:
    async def look() -> bool:
        return operator.leads

    await live_operator.until(look, seconds=seconds)


async def share(world: World) -> float:
    found = await world.get(kinds.CONFIG_MAP, "churn-routes")
    return route_table.parse(found["data"][route_table.CONFIG_MAP_KEY]).shares()["Variant1"]


async def until_share(world: World, expected: float, seconds: float = 30.0) -> None:
    async def look() -> bool:
        return abs(await share(world) - expected) < 1e-9

    await live_operator.until(look, seconds=seconds)


@pytest.mark.parametrize(
    ("number", "limit"),
    [pytest.param(signal.SIGTERM, 5.0, id="asked to end"), pytest.param(signal.SIGKILL, 20.0, id="killed")],
)
async def test_a_standby_is_ready_and_takes_over(
    cluster: tests.cluster.Cluster,
    world: World,
    tmp_path: Path,
    number: signal.Signals,
    limit: float,
    figure: figures.Figure,
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path) as first:
        await until_leading(first)
        await world.config("churn-1", Variant1=0.5, Variant2=0.5)
        await world.endpoint(config="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 2)
        async with live_operator.running(cluster, world.namespace, tmp_path) as second:

            async def is_ready() -> bool:
                return await answer(second, "/readyz") == 200

            await live_operator.until(is_ready)
            assert not second.leads
            began = time.monotonic()
            await first.stop(number)
            await world.patch_spec(weights={"Variant1": 0.1, "Variant2": 0.9})
            await until_share(world, 0.1, seconds=limit)
            figure(f"{number.name}: the other one wrote a table after {time.monotonic() - began:.1f} s")
            assert second.leads


async def test_an_api_server_that_is_away_for_long_ends_nothing_and_all_heals(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path, figure: figures.Figure
) -> None:
    passage = live_operator.Passage(cluster.kubeconfig, tmp_path)
    await passage.open()
    async with live_operator.running(
        cluster, world.namespace, tmp_path, kubeconfig=passage.kubeconfig
    ) as operator:
        await until_leading(operator)
        await world.config("churn-1", Variant1=0.5, Variant2=0.5)
        await world.endpoint(config="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 2)
        await passage.close()

        async def has_given_up() -> bool:
            return not operator.leads

        # Longer than the Lease lasts: it must stop working, and stay alive.
        await live_operator.until(has_given_up, seconds=20)
        await world.patch_spec(weights={"Variant1": 0.2, "Variant2": 0.8})
        assert await answer(operator, "/healthz") == 200
        assert operator.process.returncode is None
        await passage.open()
        began = time.monotonic()
        await until_share(world, 0.2)
        figure(f"the patch of the outage was in the table {time.monotonic() - began:.1f} s after it")
        # Also the watches live again, not only the first look at everything.
        await world.patch_spec(weights={"Variant1": 0.3, "Variant2": 0.7})
        await until_share(world, 0.3, seconds=10)
        assert "Traceback" not in operator.log.read_text()
    await passage.close()


async def test_without_a_namespace_the_whole_cluster_is_served(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    own = f"--operator-namespace={world.namespace}"
    async with live_operator.running(cluster, "", tmp_path, own) as operator:
        await until_leading(operator)
        await world.config("churn-1", Variant1=0.5, Variant2=0.5)
        await world.endpoint(config="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 2)
        await world.patch_spec(weights={"Variant1": 0.1, "Variant2": 0.9})
        await until_share(world, 0.1)
        assert "Traceback" not in operator.log.read_text()


async def test_the_metrics_are_those_that_are_promised(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path) as operator:
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        await world.until_condition("Serving", "False")
        promised = (
            'pointsman_reconcile_total{result="done"}',
            "pointsman_reconcile_seconds_count",
            "pointsman_weight_propagation_seconds_count",
            'pointsman_endpoint_info{config="churn-1",endpoint="churn"',
        )

        async def are_there() -> bool:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{operator.port}/metrics") as reply,
            ):
                text = await reply.text()
            return all(name in text for name in promised)

        await live_operator.until(are_there)
