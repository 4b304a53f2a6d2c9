"""The real program as a process: sources, ports, signals."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from endpoint_contract import headers, route_table
from tests.builders import kubernetes_api, route_tables, router_process, waiting
from tests.builders.kubernetes_api import CONFIG_MAPS, SLICES

SHORT = ("--announce-seconds", "0")


@contextlib.asynccontextmanager
async def a_router(table: Path, *options: str) -> AsyncIterator[router_process.Router]:
    log_file = table.with_name("router.log")
    async with router_process.a_router(log_file, "--route-table", str(table), *options) as router:
        yield router
    assert "Traceback" not in router.log


def replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


async def end(router: router_process.Router) -> None:
    router.tell(signal.SIGTERM)
    assert await router.ended() == 0


async def test_requests_reach_the_variants_of_the_file(
    table: Path, model: router_process.ModelServer
) -> None:
    async with router_process.a_model_server("two") as other:
        both = {"Variant1": (1.0, model.address), "Variant2": (0.0, other.address)}
        replace(table, route_tables.a_file_table(both))
        async with a_router(table, *SHORT) as router:
            answer = await router.invoke()
            assert (answer.status, answer.text) == (200, "one")
            assert answer.headers[headers.INVOKED_PRODUCTION_VARIANT] == "Variant1"
            named = await router.invoke(**{headers.TARGET_VARIANT: "Variant2"})
            assert (named.status, named.text) == (200, "two")
            await end(router)


async def test_a_changed_file_moves_the_requests_and_fails_none(
    table: Path, model: router_process.ModelServer
) -> None:
    async with router_process.a_model_server("two") as other, a_router(table, *SHORT) as router:
        answers: list[tuple[int, str]] = []

        async def load() -> None:
            while True:
                answer = await router.invoke()
                answers.append((answer.status, answer.text))

        loading = asyncio.create_task(load())
        for revision in range(2, 8):
            weights = (1.0, 0.0) if revision % 2 else (0.0, 1.0)
            both = {"Variant1": (weights[0], model.address), "Variant2": (weights[1], other.address)}
            replace(table, route_tables.a_file_table(both, revision=revision))
            await waiting.until_awaited(lambda wanted=revision: router.applies(wanted))  # type: ignore[misc]
            answer = await router.invoke()
            assert answer.text == ("one" if revision % 2 else "two"), "what is reported is applied"
        loading.cancel()
        await asyncio.wait({loading})
        await end(router)
    assert {status for status, _ in answers} == {200}
    assert {text for _, text in answers} == {"one", "two"}
    assert "weights Variant1 100% → 0%, Variant2 0% → 100%" in router.log


async def test_a_table_that_does_not_parse_is_refused_and_the_last_one_serves(table: Path) -> None:
    async with a_router(table, *SHORT) as router:
        replace(table, '{"version": 1, "endpoint": "churn", "revision": 2, "variants": []}')
        await waiting.until(lambda: "variants: must be a list" in router.log)
        assert (await router.invoke()).status == 200
        assert (await router.report()).table.revision == 1
        await end(router)


async def test_the_admin_port_answers_all_four(table: Path, model: router_process.ModelServer) -> None:
    text = route_tables.a_file_table({"Variant1": (1.0, model.address)})
    async with a_router(table, *SHORT) as router:
        await router.invoke()
        assert (await router.ask("/healthz")).status == 200
        assert (await router.ask("/readyz")).status == 200
        metrics = (await router.ask("/metrics")).text
        assert (
            'pointsman_invocations_total{endpoint="churn",reason="weight",variant="Variant1"} 1.0' in metrics
        )
        assert "pointsman_route_table_revision" in metrics
        assert (await router.report()).table == route_table.parse(text)
        await end(router)


async def test_a_drained_router_accepts_asks_to_close_and_follows_its_table_until_it_ends(
    table: Path, model: router_process.ModelServer
) -> None:
    async with a_router(table, "--announce-seconds", "60") as router:
        assert "Connection" not in (await router.invoke()).headers
        router.tell(signal.SIGUSR1)
        await waiting.until(lambda: "draining" in router.log)
        answer = await router.invoke()
        assert (answer.status, answer.headers["Connection"].lower()) == (200, "close")
        replace(table, route_tables.a_file_table({"Variant1": (1.0, model.address)}, revision=2))
        await waiting.until_awaited(lambda: router.applies(2))
        assert (await router.ask("/readyz")).status == 200, "it may be the last resort of other routers"
        await end(router)
        assert await waiting.is_refused(router.port)


async def test_an_end_without_a_drain_still_accepts_for_a_moment(table: Path) -> None:
    async with a_router(table, "--announce-seconds", "0.5") as router:
        router.tell(signal.SIGTERM)
        await waiting.until(lambda: "draining" in router.log)
        assert (await router.invoke()).headers["Connection"].lower() == "close"
        assert await router.ended() == 0


async def test_requests_under_way_are_answered_before_the_end(
    table: Path, model: router_process.ModelServer
) -> None:
    async with a_router(table, *SHORT) as router:
        model.may_answer.clear()
        under_way = asyncio.create_task(router.invoke())
        await waiting.until(lambda: model.arrived == 1)
        router.tell(signal.SIGTERM)
        await waiting.until_refused(router.port)
        model.may_answer.set()
        answer = await under_way
        assert (answer.status, answer.text) == (200, "one")
        assert await router.ended() == 0


async def test_json_logs_are_one_object_a_line(table: Path) -> None:
    async with a_router(table, *SHORT, "--log-format", "json") as router:
        await end(router)
    messages = [json.loads(line)["message"] for line in router.log.splitlines()]
    assert "route table revision 1: weights Variant1 100%" in messages
    assert messages[-1] == "ended"


async def test_idle_connections_are_closed_at_the_end(table: Path) -> None:
    async with a_router(table, *SHORT) as router:
        reader, writer = await asyncio.open_connection(router_process.HOST, router.port)
        await end(router)
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("hurry", ["time is over", "a second signal"])
async def test_the_end_does_not_wait_for_a_model_for_ever(
    table: Path, model: router_process.ModelServer, hurry: str
) -> None:
    seconds = "0.2" if hurry == "time is over" else "60"
    async with a_router(table, *SHORT, "--finish-seconds", seconds) as router:
        model.may_answer.clear()
        under_way = asyncio.create_task(router.invoke())
        await waiting.until(lambda: model.arrived == 1)
        router.tell(signal.SIGTERM)
        await waiting.until(lambda: "ending" in router.log)
        if hurry == "a second signal":
            router.tell(signal.SIGTERM)
        assert await router.ended() == 0
        with pytest.raises(aiohttp.ClientError):
            await under_way


async def test_an_interrupt_at_the_terminal_ends_it_without_delay(table: Path) -> None:
    async with a_router(table, "--announce-seconds", "60") as router:
        router.tell(signal.SIGINT)
        assert await router.ended() == 0


@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6])
async def test_a_signal_during_the_start_ends_it_in_good_order(table: Path, delay: float) -> None:
    log_file = table.with_name("router.log")
    options = ("--route-table", str(table), *SHORT)
    async with router_process.a_router(log_file, *options, until_ready=False) as router:
        await asyncio.sleep(delay)
        router.tell(signal.SIGTERM)
        # The interpreter itself may not have started yet: then nobody could have handled the signal.
        assert await router.ended() in (0, -signal.SIGTERM)
    assert "Traceback" not in router.log


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "--route-table: can't read", id="no file"),
        pytest.param("{", "--route-table: not JSON", id="no JSON"),
        pytest.param('{"version": 1, "endpoint": ""}', "--route-table: endpoint: must be", id="no table"),
    ],
)
def test_a_first_table_that_is_no_good_is_one_line_and_exit_2(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "t.json"
    if content is not None:
        path.write_text(content)
    found = run("--route-table", str(path))
    assert found.returncode == 2
    (line,) = found.stderr.splitlines()
    assert message in line


@pytest.mark.parametrize("option", ["--port", "--admin-port"])
async def test_a_port_that_is_taken_is_one_line_that_names_the_option(table: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind((router_process.HOST, 0))
        taken.listen()
        ports = {"--port": "0", "--admin-port": "0", option: str(taken.getsockname()[1])}
        where = [word for pair in ports.items() for word in pair]
        found = await asyncio.to_thread(
            run, "--route-table", str(table), "--host", router_process.HOST, *where
        )
    assert found.returncode == 2
    line = found.stderr.splitlines()[-1]
    assert f"error: {option}: can't listen on 127.0.0.1 port" in line
    assert "address already in use" in line
    assert "Traceback" not in found.stderr


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [router_process.PROGRAM, *options], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        pytest.param(
            "endpoint_router.app", {"numpy", "kubernetes", "pydantic", "kopf"}, id="the whole router"
        ),
        pytest.param("endpoint_router.__main__", {"aiohttp", "uvloop", "ssl", "asyncio"}, id="up to --help"),
    ],
)
def test_only_what_is_needed_is_imported(modules: str, unwanted: set[str]) -> None:
    code = f"import sys, {modules}; print(*({unwanted!r} & sys.modules.keys()))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert found.stdout.split() == []


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_router_in_a_cluster_serves_through_every_failure_of_the_api(
    tmp_path: Path, processes: str
) -> None:
    """Also after its own restart: from the stored table, within seconds, until the API is back."""
    own_pod, other_pod = "127.0.0.3", "127.0.0.4"
    async with (
        router_process.a_model_server("other", host=other_pod) as model,
        kubernetes_api.a_kubernetes_api() as api,
    ):
        put(api, model, revision=1)
        options = ("--kubernetes-api", api.url, "--state-dir", str(tmp_path), "--workers", processes, *SHORT)
        environ = {
            "POINTSMAN_ENDPOINT": "churn",
            "POINTSMAN_NAMESPACE": "shop",
            "POINTSMAN_POD_IP": own_pod,
            "POINTSMAN_SERVICE_ACCOUNT_DIR": str(tmp_path),
        }
        async with router_process.a_router(tmp_path / "1.log", *options, environ=environ) as router:
            assert (await router.invoke()).text == "other"
            await api.stop()
            assert (await router.invoke()).text == "other"
            await waiting.until(lambda: (tmp_path / "last-route-table.json").exists())
            router.tell(signal.SIGKILL)
            await router.ended()
        put(api, model, revision=2)
        async with router_process.a_router(tmp_path / "2.log", *options, environ=environ) as router:
            assert (await router.invoke()).text == "other"
            assert (await router.report()).table.revision == 1
            await api.start()
            await waiting.until_awaited(lambda: router.applies(2), seconds=20)
            assert (await router.report()).ready_addresses == {"churn-variant1": 1}
            await end(router)
        assert "Traceback" not in router.log


def put(api: kubernetes_api.KubernetesApi, model: router_process.ModelServer, *, revision: int) -> None:
    host, _, port = model.address.partition(":")
    document = kubernetes_api.a_slice("churn-variant1", host)
    document["ports"] = [{"name": "http", "port": int(port)}]
    api.put(SLICES, document)
    table = route_tables.a_table(revision=revision)
    api.put(CONFIG_MAPS, kubernetes_api.a_config_map(route_table.render(table)))
