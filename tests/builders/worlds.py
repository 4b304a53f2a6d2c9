"""One namespace of a real API server, with what a user and a kubelet would do in it."""

import itertools
import os
from typing import Any

from endpoint_contract import model_identity
from endpoint_operator.cluster import client, kinds
from endpoint_operator.desired import labels
from tests.builders import live_operator, manifests

NOWHERE = {"pointsman.dev/node": "none"}
"""A node selector that no node has: no kubelet ever touches the pods."""

MODEL = model_identity.ModelIdentity("s3://models/model.tar.gz", e_tag="e", sha256="0" * 64, size_bytes=12)
"""What every loader has found."""

_addresses = itertools.count(1)


class World:
    """One namespace with what a user and a kubelet would do in it."""

    def __init__(self, api: client.Client, namespace: str) -> None:
        self.api = api
        self.namespace = namespace
        self.routers: dict[str, live_operator.Router] = {}

    async def config(self, name: str, **weights: float) -> None:
        """An EndpointConfig with a variant for each weight, whose pods find no node."""
        variants = [
            manifests.variant(
                variant,
                data_url=f"s3://models/{name}/{variant}.tar.gz",
                initialVariantWeight=weight,
                nodeSelector=NOWHERE,
            )
            for variant, weight in weights.items()
        ]
        await self.create(kinds.ENDPOINT_CONFIG, manifests.endpoint_config(*variants, name=name))

    async def endpoint(self, name: str = "churn", *, config: str, **spec: object) -> None:
        """An Endpoint that names ``config``."""
        await self.create(kinds.ENDPOINT, manifests.endpoint(name, config=config, **spec))

    async def create(self, kind: kinds.Kind, body: Any) -> client.Object:
        return await self.api.create(kind.path(self.namespace), body)

    async def get(self, kind: kinds.Kind, name: str) -> client.Object:
        return await self.api.get(kind.path(self.namespace, name))

    async def children(self, kind: kinds.Kind, endpoint: str = "churn") -> list[client.Object]:
        """As they are now: what was just deleted must not be counted once more."""
        return await self.api.items(
            kind.path(self.namespace), selector=labels.selector(endpoint), is_live=True
        )

    async def patch(self, kind: kinds.Kind, name: str, body: Any) -> client.Object:
        return await self.api.merge(kind.path(self.namespace, name), body)

    async def delete(self, kind: kinds.Kind, name: str) -> None:
        """Delete the object that has the name now."""
        found = await self.get(kind, name)
        await self.api.delete(kind.path(self.namespace, name), uid=found["metadata"]["uid"])

    async def patch_spec(self, name: str = "churn", **spec: object) -> None:
        """What ``kubectl patch mlep --type merge`` does."""
        await self.patch(kinds.ENDPOINT, name, {"spec": spec})

    async def status(self, name: str = "churn") -> dict[str, Any]:
        return (await self.get(kinds.ENDPOINT, name)).get("status") or {}

    async def condition(self, type_: str, name: str = "churn") -> tuple[str, str]:
        """A condition's status and reason; both empty while there is none."""
        for item in (await self.status(name)).get("conditions") or []:
            if item["type"] == type_:
                return item["status"], item["reason"]
        return "", ""

    async def until_condition(self, type_: str, *expected: str, seconds: float = 30.0) -> None:
        """Wait for a condition's status, or its status and reason."""

        async def look() -> bool:
            return (await self.condition(type_))[: len(expected)] == expected

        await live_operator.until(look, seconds=seconds)

    async def until_count(self, kind: kinds.Kind, count: int) -> list[client.Object]:
        """Wait until ``count`` objects of ``kind`` belong to the endpoint."""

        found: list[client.Object] = []

        async def look() -> bool:
            found[:] = await self.children(kind)
            return len(found) == count

        await live_operator.until(look)
        return found

    async def start_pods(self, count: int) -> list[live_operator.Router]:
        """Wait for ``count`` pods and make those that are not yet ready so, each with a router that answers."""
        pods = await self.until_count(kinds.POD, count)
        for pod in pods:
            name = pod["metadata"]["name"]
            if name not in self.routers:
                number = next(_addresses)
                router = live_operator.Router(f"127.77.{os.getpid() % 250}.{number}")
                await router.start()
                self.routers[name] = router
                await self.set_ready(name, router.address)
        return [self.routers[pod["metadata"]["name"]] for pod in pods]

    async def set_ready(self, pod: str, address: str) -> None:
        """What a kubelet says of a pod whose containers all run."""
        conditions = [
            {"type": name, "status": "True"} for name in ("Ready", "ContainersReady", "Initialized")
        ]
        started = {"ready": True, "restartCount": 0, "image": "", "imageID": "", "started": True}
        loaded = {"exitCode": 0, "message": model_identity.render(MODEL)}
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": conditions,
            "containerStatuses": [{"name": "model", **started, "state": {"running": {}}}],
            "initContainerStatuses": [
                {"name": "model-loader", **started, "state": {"terminated": loaded}},
                {"name": "router", **started, "state": {"running": {}}},
            ],
        }
        await self.api.merge(kinds.POD.path(self.namespace, pod, "status"), {"status": status})

    async def close(self) -> None:
        for router in self.routers.values():
            await router.stop()
