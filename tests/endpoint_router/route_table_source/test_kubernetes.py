import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from endpoint_contract import route_table
from endpoint_router import routing, stored_table
from endpoint_router.route_table_source import api_server, kubernetes, watch
from tests.builders import kubernetes_api, route_tables, waiting
from tests.builders.kubernetes_api import CONFIG_MAPS, SLICES

FAST = watch.Timing(watch=30.0, first_wait=0.01, longest_wait=0.05, stable_after=0.0)
SERVICE = "churn-variant1"


@pytest.fixture
async def api() -> AsyncIterator[kubernetes_api.KubernetesApi]:
    async with kubernetes_api.a_kubernetes_api() as running:
        yield running


@contextlib.asynccontextmanager
async def following(
    api: kubernetes_api.KubernetesApi, state_file: Path, *, stored_after: float = 30.0
) -> AsyncIterator[list[routing.Snapshot]]:
    snapshots: list[routing.Snapshot] = []
    account = Path("/nonexistent")
    source = kubernetes.KubernetesSource(
        server=api_server.ApiServer(api.url, "shop", account / "token", account / "ca.crt"),
        endpoint="churn",
        config_map="churn-routes",
        state_file=state_file,
        on_snapshot=snapshots.append,
        timing=FAST,
        stored_after=stored_after,
    )
    task = asyncio.create_task(source.run())
    try:
        yield snapshots
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def put_table(api: kubernetes_api.KubernetesApi, *, revision: int = 1, endpoint: str = "churn") -> None:
    table = route_tables.a_table(revision=revision, endpoint=endpoint)
    api.put(CONFIG_MAPS, kubernetes_api.a_config_map(route_table.render(table)))


def an_api_with_a_table(api: kubernetes_api.KubernetesApi) -> kubernetes_api.KubernetesApi:
    put_table(api)
    api.put(SLICES, kubernetes_api.a_slice(SERVICE, "10.0.0.1"))
    return api


def revisions(snapshots: list[routing.Snapshot]) -> list[int]:
    return [snapshot.table.revision for snapshot in snapshots]


async def test_the_first_snapshot_waits_for_both_streams(
    api: kubernetes_api.KubernetesApi, tmp_path: Path
) -> None:
    async with following(api, tmp_path / "state") as snapshots:
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and api.watches(SLICES) == 1)
        assert snapshots == [], "slices are known, the table is not"
        put_table(api)
        await waiting.until(lambda: len(snapshots) == 1)
        assert snapshots[0].ready_addresses() == {SERVICE: 0}
        api.put(SLICES, kubernetes_api.a_slice(SERVICE, "10.0.0.1"))
        await waiting.until(lambda: len(snapshots) == 2)
    assert snapshots[1].addresses == {SERVICE: routing.Addresses(("10.0.0.1:8080",))}


async def test_only_this_endpoint_is_asked_for(api: kubernetes_api.KubernetesApi, tmp_path: Path) -> None:
    api.put(CONFIG_MAPS, kubernetes_api.a_config_map("{}", name="other-routes"))
    api.put(SLICES, kubernetes_api.a_slice("other-variant1", "10.0.0.9", endpoint="other"))
    async with following(an_api_with_a_table(api), tmp_path / "state") as snapshots:
        await waiting.until(lambda: bool(snapshots))
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and api.watches(SLICES) == 1)
    assert set(snapshots[0].addresses) == {SERVICE}
    assert {asked.query.get("fieldSelector") for asked in api.asked if asked.path == CONFIG_MAPS} == {
        "metadata.name=churn-routes"
    }
    assert {asked.query.get("labelSelector") for asked in api.asked if asked.path == SLICES} == {
        "pointsman.dev/endpoint=churn"
    }


async def test_tables_are_taken_as_they_come_never_ordered(
    api: kubernetes_api.KubernetesApi, tmp_path: Path
) -> None:
    async with following(an_api_with_a_table(api), tmp_path / "state") as snapshots:
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and revisions(snapshots) == [1])
        put_table(api, revision=7)
        put_table(api, revision=3)
        await waiting.until(lambda: revisions(snapshots) == [1, 7, 3])


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("", id="empty"),
        pytest.param('{"version": 9}', id="version"),
        pytest.param(route_table.render(route_tables.a_table()).replace("1.0", '"1"'), id="weight as text"),
        pytest.param(route_table.render(route_tables.a_table(endpoint="other")), id="another endpoint's"),
    ],
)
async def test_a_bad_table_is_refused_whole_logged_once_and_the_last_good_stays(
    api: kubernetes_api.KubernetesApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: str
) -> None:
    async with following(an_api_with_a_table(api), tmp_path / "state") as snapshots:
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and api.watches(SLICES) == 1)
        api.put(CONFIG_MAPS, kubernetes_api.a_config_map(bad))
        api.put(CONFIG_MAPS, kubernetes_api.a_config_map(bad) | {"touched": True})
        await waiting.until(lambda: "is refused" in caplog.text)
        api.put(SLICES, kubernetes_api.a_slice(SERVICE, "10.0.0.2"))
        await waiting.until(lambda: snapshots[-1].addresses[SERVICE].ready == ("10.0.0.2:8080",))
        assert revisions(snapshots) == [1, 1], "addresses go on changing under the old table"
        put_table(api, revision=2)
        await waiting.until(lambda: revisions(snapshots)[-1] == 2)
    assert caplog.text.count("is refused") == 1


async def test_a_deleted_config_map_keeps_the_last_table(
    api: kubernetes_api.KubernetesApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(an_api_with_a_table(api), tmp_path / "state") as snapshots:
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and api.watches(SLICES) == 1)
        api.delete(CONFIG_MAPS, "churn-routes")
        await waiting.until(lambda: "the table stays" in caplog.text)
        api.put(SLICES, kubernetes_api.a_slice(SERVICE, "10.0.0.2"))
        await waiting.until(lambda: len(snapshots) == 2)
        assert revisions(snapshots) == [1, 1]
        put_table(api)
        await waiting.until(lambda: len(snapshots) == 3)


async def test_a_broken_stream_of_slices_does_not_hold_up_the_table(
    api: kubernetes_api.KubernetesApi, tmp_path: Path
) -> None:
    async with following(an_api_with_a_table(api), tmp_path / "state") as snapshots:
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1 and api.watches(SLICES) == 1)
        api.send_raw(SLICES, b'{"type": "ADDED", "object": {"metadata": {"na')
        put_table(api, revision=2)
        await waiting.until(lambda: revisions(snapshots) == [1, 2])


@pytest.mark.parametrize("fault", ["gone", "hang", "garbage", 401, 503])
async def test_a_restart_without_the_api_serves_from_the_stored_table_and_then_catches_up(
    api: kubernetes_api.KubernetesApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str | int
) -> None:
    monkeypatch.setattr(api_server, "ANSWER_SECONDS", 0.2)
    state_file = tmp_path / stored_table.FILE_NAME
    async with following(an_api_with_a_table(api), state_file) as snapshots:
        await waiting.until(lambda: bool(snapshots) and state_file.exists())
    if fault == "gone":
        await api.stop()
    api.fault = fault
    async with following(api, state_file, stored_after=0.05) as again:
        await waiting.until(lambda: bool(again))
        assert again == [snapshots[-1]]
        put_table(api, revision=2)
        api.fault = None
        if fault == "gone":
            await api.start()
        await waiting.until(lambda: revisions(again)[-1] == 2)


async def test_what_the_api_delivered_in_time_is_not_replaced_by_what_was_stored(
    api: kubernetes_api.KubernetesApi, tmp_path: Path
) -> None:
    state_file = tmp_path / stored_table.FILE_NAME
    old = route_tables.a_snapshot(route_tables.a_table(revision=1), churn_variant1=("10.9.9.9:8080",))
    stored_table.save(state_file, old)
    api.put(SLICES, kubernetes_api.a_slice(SERVICE, "10.0.0.1"))
    async with following(api, state_file, stored_after=2.0) as snapshots:
        await waiting.until(lambda: bool(snapshots))
    assert snapshots == [routing.Snapshot(old.table, {SERVICE: routing.Addresses(("10.0.0.1:8080",))})]


@pytest.mark.parametrize("content", [None, "damaged", "other"])
async def test_a_start_without_api_and_usable_state_waits_for_the_api(
    api: kubernetes_api.KubernetesApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    state_file = tmp_path / stored_table.FILE_NAME
    if content == "damaged":
        state_file.write_text("{")
    if content == "other":
        stored_table.save(state_file, route_tables.a_snapshot(route_tables.a_table(endpoint="other")))
    await api.stop()
    async with following(api, state_file, stored_after=0.01) as snapshots:
        await waiting.until(lambda: "stored" in caplog.text)
        assert snapshots == []
        an_api_with_a_table(api)
        await api.start()
        await waiting.until(lambda: bool(snapshots))


async def test_a_disk_that_refuses_does_not_stop_the_routing(
    api: kubernetes_api.KubernetesApi, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(an_api_with_a_table(api), tmp_path / "missing" / "state") as snapshots:
        await waiting.until(lambda: "would find no table" in caplog.text)
        await waiting.until(lambda: api.watches(CONFIG_MAPS) == 1)
        put_table(api, revision=2)
        await waiting.until(lambda: revisions(snapshots)[-1] == 2)
