"""Weights and configs on a real API server, with routers that say what the test lets them say."""

import statistics
import time
from pathlib import Path

import pytest

import tests.cluster
from endpoint_contract import model_identity, route_table
from endpoint_operator.cluster import kinds
from tests.builders import figures, live_operator, worlds
from tests.builders.worlds import World

pytestmark = pytest.mark.integration


async def table(world: World) -> route_table.RouteTable:
    """The table that routers see."""
    found = await world.get(kinds.CONFIG_MAP, "churn-routes")
    return route_table.parse(found["data"][route_table.CONFIG_MAP_KEY])


async def obey(world: World, ready: int = 1) -> route_table.RouteTable:
    """All routers apply the present table, and see ``ready`` addresses of each backend."""
    present = await table(world)
    backends = [str(backend.service) for variant in present.variants for backend in variant.backends]
    for router in world.routers.values():
        router.table = present
        router.ready_addresses = dict.fromkeys(backends, ready)
    return present


async def serving(world: World, **weights: float) -> None:
    """An endpoint ``churn`` whose pods are ready and whose routers obey."""
    await world.config("churn-1", **weights)
    await world.endpoint(config="churn-1")
    await world.start_pods(len(weights))
    await obey(world)
    await world.until_condition("WeightsApplied", "True")
    await world.until_condition("Ready", "True")


async def test_a_weight_patch_reaches_the_table_at_once_and_touches_no_pod(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path, figure: figures.Figure
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await serving(world, Variant1=0.5, Variant2=0.5)
        before = {
            item["metadata"]["name"]: (item["metadata"]["uid"], item["metadata"]["generation"])
            for item in await world.children(kinds.DEPLOYMENT)
        }
        taken = []
        for number in range(1, 31):
            share = number / 100
            began = time.perf_counter()
            await world.patch_spec(weights={"Variant1": share, "Variant2": 1 - share})

            async def is_written(share: float = share) -> bool:
                return abs((await table(world)).shares()["Variant1"] - share) < 1e-9

            await live_operator.until(is_written, every=0.002)
            taken.append(time.perf_counter() - began)
        after = {
            item["metadata"]["name"]: (item["metadata"]["uid"], item["metadata"]["generation"])
            for item in await world.children(kinds.DEPLOYMENT)
        }
        assert after == before
        middle, worst = statistics.median(taken), max(taken)
        figure(f"weight patch to table, 30 times: p50 {middle * 1000:.0f} ms, worst {worst * 1000:.0f} ms")
        assert middle < 0.5


async def test_the_status_claims_weights_only_when_every_router_runs_them(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path) as operator:
        await serving(world, Variant1=0.5, Variant2=0.5)
        await world.patch_spec(weights={"Variant1": 1.0, "Variant2": 3.0})
        await world.until_condition("WeightsApplied", "False")
        assert await current_weights(world) == {"Variant1": 0.5, "Variant2": 0.5}
        first = next(iter(world.routers.values()))
        first.table = await table(world)
        await world.until_condition("WeightsApplied", "False")
        await obey(world)
        await world.until_condition("WeightsApplied", "True")
        assert await current_weights(world) == {"Variant1": 1.0, "Variant2": 3.0}
        await first.stop()
        await world.patch_spec(weights={"Variant1": 1.0, "Variant2": 1.0})
        await world.until_condition("WeightsApplied", "False")
        await obey(world)
        assert (await world.condition("WeightsApplied"))[0] != "True"
        await first.start()
        await obey(world)
        await world.until_condition("WeightsApplied", "True")
        assert "Traceback" not in operator.log.read_text()


async def current_weights(world: World) -> dict[str, float]:
    variants = (await world.status())["productionVariants"]
    return {item["variantName"]: item["currentWeight"] for item in variants}


async def test_a_config_change_moves_traffic_only_when_new_pods_are_known_and_then_removes_the_old(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path, "--drain-seconds", "1") as operator:
        await serving(world, Variant1=0.5, Variant2=0.5)
        old = {item["metadata"]["name"] for item in await world.children(kinds.DEPLOYMENT)}
        await world.config("churn-2", Variant1=0.5, Variant2=0.5)
        await world.patch_spec(endpointConfigName="churn-2")
        await world.until_count(kinds.DEPLOYMENT, 4)
        assert active(await table(world)) == old
        await world.start_pods(4)

        async def names_all() -> bool:
            return len((await obey(world)).variants[0].backends) == 2

        await live_operator.until(names_all)

        async def has_moved() -> bool:
            return not active(await obey(world)) & old

        await live_operator.until(has_moved)
        assert (await world.status())["endpointConfigName"] in ("churn-1", "churn-2")

        async def is_clean() -> bool:
            await obey(world)
            return len(await world.children(kinds.DEPLOYMENT)) == 2

        await live_operator.until(is_clean)
        left = {item["metadata"]["name"] for item in await world.children(kinds.DEPLOYMENT)}
        assert left == active(await table(world))
        assert not left & old
        assert (await world.status())["endpointConfigName"] == "churn-2"
        await world.patch_spec(endpointConfigName="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 4)
        held = {item["metadata"]["name"]: item["data"] for item in await world.children(kinds.CONFIG_MAP)}
        identity = {model_identity.CONFIG_MAP_KEY: model_identity.render(worlds.MODEL)}
        assert {name: held.get(name) for name in old} == dict.fromkeys(old, identity), "as they served then"
        assert "Traceback" not in operator.log.read_text()


def active(table: route_table.RouteTable) -> set[str]:
    """The backends that take requests."""
    return {
        str(backend.service)
        for variant in table.variants
        for backend in variant.backends
        if backend.weight > 0
    }


async def test_a_config_that_goes_missing_leaves_what_serves_serving_and_says_so(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await serving(world, Variant1=1.0)
        await world.delete(kinds.ENDPOINT_CONFIG, "churn-1")

        async def is_said() -> bool:
            conditions = (await world.status())["conditions"]
            return any(item["reason"] == "EndpointConfigNotFound" for item in conditions)

        await live_operator.until(is_said)
        await world.until_condition("Serving", "True")
        assert len(await world.children(kinds.DEPLOYMENT)) == 1


async def test_events_tell_each_transition_once(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await serving(world, Variant1=0.5, Variant2=0.5)
        await world.patch_spec(weights={"Variant1": 0.0, "Variant2": 0.0})
        await world.until_condition("WeightsApplied", "False", "AllWeightsZero")

        async def warned() -> bool:
            found = await world.api.items(kinds.EVENT.path(world.namespace))
            about = [item for item in found if item["involvedObject"]["kind"] == "Endpoint"]
            assert len({(item["reason"], item["message"]) for item in about}) == len(about)
            return any((item["type"], item["reason"]) == ("Warning", "AllWeightsZero") for item in about)

        await live_operator.until(warned)
