"""The real router against a real API server, with exactly the rights that the operator gives it."""

import asyncio
import base64
import contextlib
import json
import signal
import socket
import statistics
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib import parse

import pytest

import tests.cluster
from endpoint_contract import headers, labels, pod_environment, route_table
from endpoint_operator.desired import owner, router_access
from tests.builders import figures, kubernetes_api, route_tables, router_process, waiting

pytestmark = pytest.mark.integration

SERVICE = "churn-variant1"


@dataclass(frozen=True, slots=True)
class Api:
    """One namespace of a real API server; ``account`` holds a router's token and the certificate authority."""

    cluster: tests.cluster.Cluster
    namespace: str
    url: str
    account: Path

    async def kubectl(self, *arguments: str, stdin: object = None) -> str:
        text = None if stdin is None else json.dumps(stdin)
        return await asyncio.to_thread(self.cluster.kubectl, "-n", self.namespace, *arguments, stdin=text)

    async def put_table(self, table: route_table.RouteTable) -> None:
        await self.put_text(route_table.render(table))

    async def put_text(self, text: str) -> None:
        document = kubernetes_api.a_config_map(text)
        await self.kubectl("apply", "-f", "-", stdin=document | {"apiVersion": "v1", "kind": "ConfigMap"})

    async def put_slice(self, service: str, *addresses: str) -> None:
        """Each address is ``host:port``; all of one slice share the port."""
        hosts = [address.partition(":")[0] for address in addresses]
        document = kubernetes_api.a_slice(service, *hosts)
        document |= {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        document["ports"] = [{"name": "http", "port": int(addresses[0].partition(":")[2])}]
        await self.kubectl("apply", "-f", "-", stdin=document)

    @contextlib.asynccontextmanager
    async def router(self, state_dir: Path) -> AsyncIterator[router_process.Router]:
        options = ("--kubernetes-api", self.url, "--state-dir", str(state_dir), "--announce-seconds", "0")
        environ = {
            pod_environment.ENDPOINT_NAME: "churn",
            pod_environment.NAMESPACE: self.namespace,
            "POINTSMAN_SERVICE_ACCOUNT_DIR": str(self.account),
        }
        log_file = state_dir / "router.log"
        async with router_process.a_router(log_file, *options, environ=environ, until_ready=False) as router:
            yield router
        assert "Traceback" not in router.log


@pytest.fixture
def api(cluster: tests.cluster.Cluster, tmp_path: Path) -> Iterator[Api]:
    """A namespace with a router's account, Role and RoleBinding as the operator renders them."""
    namespace = f"router-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    try:
        of = owner.Owner("churn", namespace, "none")
        rendered = (router_access.service_account(of), router_access.role(of), router_access.role_binding(of))
        items = [without_owner(item) for item in rendered]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        cluster.kubectl("-n", namespace, "create", "-f", "-", stdin=text)
        token = cluster.kubectl("-n", namespace, "create", "token", "churn-router")
        where = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        server = where["clusters"][0]["cluster"]
        (tmp_path / "token").write_text(token)
        (tmp_path / "ca.crt").write_bytes(certificate_authority(server))
        yield Api(cluster, namespace, server["server"].rstrip("/"), tmp_path)
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def without_owner(document: dict[str, Any]) -> dict[str, Any]:
    """An owner that does not exist would have the object collected as garbage."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "ownerReferences"}
    return {**document, "metadata": metadata}


def certificate_authority(server: dict[str, Any]) -> bytes:
    if "certificate-authority-data" in server:
        return base64.b64decode(server["certificate-authority-data"])
    return Path(server["certificate-authority"]).read_bytes()


def own_address(url: str) -> str:
    """This machine's address on the way to the API: slices may not hold loopback ones."""
    where = parse.urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((where.hostname, where.port or 443))
        address: str = probe.getsockname()[0]
        return address


async def test_the_operators_role_is_enough_and_requests_reach_the_addresses_of_the_slices(
    api: Api, tmp_path: Path
) -> None:
    async with (
        router_process.a_model_server("one", host=own_address(api.url)) as model,
        api.router(tmp_path) as router,
    ):
        await api.put_table(route_tables.a_table(Variant1=1))
        await api.put_slice(SERVICE, model.address)
        await waiting.until_awaited(lambda: has_ready(router, 1), seconds=20)
        answer = await router.invoke()
        assert (answer.status, answer.text) == (200, "one")
        assert answer.headers[headers.INVOKED_PRODUCTION_VARIANT] == "Variant1"
        router.tell(signal.SIGTERM)
        assert await router.ended() == 0


async def test_a_table_is_applied_soon_after_it_is_written(
    api: Api, tmp_path: Path, figure: figures.Figure
) -> None:
    await api.put_table(route_tables.a_table(revision=1, Variant1=1, Variant2=1))
    seconds = []
    async with api.router(tmp_path) as router:
        await waiting.until_awaited(lambda: router.applies(1), seconds=20)
        for revision in range(2, 12):
            await api.put_table(route_tables.a_table(revision=revision, Variant1=revision, Variant2=1))
            written = asyncio.get_running_loop().time()
            await waiting.until_awaited(lambda wanted=revision: router.applies(wanted))  # type: ignore[misc]
            seconds.append(asyncio.get_running_loop().time() - written)
    figure(
        f"seconds from kubectl's return to applied: median {statistics.median(seconds):.3f}, max {max(seconds):.3f}"
    )
    assert statistics.median(seconds) < 0.5


async def test_addresses_come_and_go_with_their_slices(api: Api, tmp_path: Path) -> None:
    await api.put_table(route_tables.a_table(Variant1=1))
    async with api.router(tmp_path) as router:
        await waiting.until_awaited(lambda: has_ready(router, 0), seconds=20)
        await api.put_slice(SERVICE, "198.51.100.1:8080", "198.51.100.2:8080")
        await waiting.until_awaited(lambda: has_ready(router, 2))
        await api.put_slice(SERVICE, "198.51.100.2:8080")
        await waiting.until_awaited(lambda: has_ready(router, 1))
        await api.kubectl("delete", "endpointslice", "-l", f"{labels.ENDPOINT}=churn")
        await waiting.until_awaited(lambda: has_ready(router, 0))


async def test_a_bad_table_and_a_deleted_one_leave_the_last(api: Api, tmp_path: Path) -> None:
    await api.put_table(route_tables.a_table(revision=1))
    async with api.router(tmp_path) as router:
        await waiting.until_awaited(lambda: router.applies(1), seconds=20)
        await api.put_text('{"version": 1, "endpoint": "churn", "revision": 2}')
        await waiting.until(lambda: "variants: must be a list" in router.log)
        await api.kubectl("delete", "configmap", "churn-routes")
        await waiting.until(lambda: router.log.count("the table stays") == 2)
        assert (await router.report()).table.revision == 1
        await api.put_table(route_tables.a_table(revision=3))
        await waiting.until_awaited(lambda: router.applies(3))


async def test_a_token_that_is_not_valid_yet_is_tried_until_it_is(api: Api, tmp_path: Path) -> None:
    good = (api.account / "token").read_text()
    (api.account / "token").write_text("expired")
    await api.put_table(route_tables.a_table(revision=1))
    async with api.router(tmp_path) as router:
        await waiting.until(lambda: "answered 401" in router.log, seconds=20)
        assert not await router.is_ready()
        (api.account / "token").write_text(good)
        await waiting.until_awaited(lambda: router.applies(1), seconds=20)


async def has_ready(router: router_process.Router, count: int) -> bool:
    """Whether it has a table and this many ready addresses of the one Service in it."""
    return await router.is_ready() and (await router.report()).ready_addresses == {SERVICE: count}
