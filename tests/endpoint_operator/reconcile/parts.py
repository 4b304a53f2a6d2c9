"""A reconciler on a stand-in of the API server, with one Endpoint to work on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from endpoint_contract import labels, model_identity, pod_environment, route_table
from endpoint_operator.cluster import client, routers
from endpoint_operator.desired.defaults import Defaults
from endpoint_operator.reconcile import acknowledgements, endpoint, metrics
from endpoint_operator.reconcile.keys import Key
from tests.builders import api_server, manifests

CHURN = Key("shop", "churn")
OURS = "/apis/pointsman.dev/v1alpha1/namespaces/shop"
CORE = "/api/v1/namespaces/shop"
APPS = "/apis/apps/v1/namespaces/shop"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop"
INSTALLATION = endpoint.Installation(
    Defaults(router_image="router", loader_image="loader", model_image="model"), drain_seconds=5.0
)

IDENTITY = model_identity.ModelIdentity("s3://models/churn/1/model.tar.gz", "e", "0" * 64, 10)


class Parts:
    """A reconciler on a stand-in of the API server, with an Endpoint of two variants."""

    def __init__(self, server: api_server.ApiServer, cluster: client.Client) -> None:
        self.server = server
        self.now = 1000.0
        self.numbers = metrics.Metrics()
        self.acknowledgements = acknowledgements.Acknowledgements(
            routers.Asker(timeout=0.05), lambda _: None, clock=lambda: self.now
        )
        self.reconciler = endpoint.Reconciler(
            cluster,
            self.acknowledgements,
            INSTALLATION,
            numbers=self.numbers,
            clock=asyncio.get_running_loop().time,
            now=lambda: self.now,
        )
        self.put_first_config()
        self.put_endpoint()

    def put_first_config(self, name: str = "churn-1") -> None:
        """The content that churn-1 has at the start."""
        self.put_config(
            manifests.variant("A", initialVariantWeight=1),
            manifests.variant("B", initialVariantWeight=3),
            name=name,
        )

    def put_config(self, *variants: object, name: str = "churn-1") -> None:
        self.server.put(f"{OURS}/endpointconfigs/{name}", manifests.endpoint_config(*variants, name=name))

    def delete_config(self, name: str = "churn-1") -> None:
        del self.server.objects[f"{OURS}/endpointconfigs/{name}"]

    def put_endpoint(self, config: str = "churn-1", *, restart: str = "", **spec: object) -> None:
        annotations = {labels.RESTART: restart} if restart else None
        raw = manifests.endpoint("churn", config=config, annotations=annotations, **spec)
        present = self.server.objects.get(f"{OURS}/endpoints/churn", {})
        uid = present.get("metadata", {}).get("uid", "uid-of-churn")
        raw["metadata"] |= {"uid": uid, "generation": 1}
        self.server.put(f"{OURS}/endpoints/churn", {**present, **raw})

    def make_ready(self) -> None:
        """All pods of all Deployments are ready from now on."""
        for item in self.find("Deployment"):
            replicas = item["spec"]["replicas"]
            ready = {"readyReplicas": replicas, "updatedReplicas": replicas, "observedGeneration": 1}
            item["status"] = ready

    def put_pods(self) -> None:
        """A pod of each Deployment, not ready and without a router, whose loader has found its model."""
        loaded = {"exitCode": 0, "message": model_identity.render(IDENTITY)}
        loader = {"name": pod_environment.CONTAINER_MODEL_LOADER, "state": {"terminated": loaded}}
        for item in self.find("Deployment"):
            name, template = item["metadata"]["name"], item["spec"]["template"]
            pod = {
                "kind": "Pod",
                "metadata": {"name": f"{name}-0", "labels": template["metadata"]["labels"]},
                "status": {"initContainerStatuses": [loader]},
            }
            self.server.put(f"{CORE}/pods/{name}-0", pod)

    def delete_pods(self) -> None:
        """All pods are gone."""
        for item in self.find("Pod"):
            del self.server.objects[f"{CORE}/pods/{item['metadata']['name']}"]

    async def look(self) -> list[str]:
        """Work once; answers what was written."""
        before = len(self.server.writes())
        await self.reconciler.work(CHURN)
        return self.server.writes()[before:]

    @property
    def events(self) -> list[str]:
        """The reasons of all events."""
        return [item["reason"] for item in self.find("Event")]

    @property
    def marked(self) -> list[str]:
        """The configs whose stored roll-outs carry the mark of the one that serves."""
        return [
            item["data"]["configName"]
            for item in self.find("ControllerRevision")
            if item["metadata"]["labels"].get(labels.SERVING) == "true"
        ]

    @property
    def backends(self) -> set[str | None]:
        """The Services that take requests by the table."""
        return {
            backend.service
            for variant in self.table.variants
            for backend in variant.backends
            if backend.weight > 0
        }

    def find(self, kind: str) -> list[Any]:
        return [item for item in self.server.objects.values() if item.get("kind") == kind]

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.server.objects[f"{OURS}/endpoints/churn"].get("status", {})
        return found

    def condition(self, type_: str) -> tuple[str, str]:
        found = next(item for item in self.status["conditions"] if item["type"] == type_)
        return found["status"], found["reason"]

    @property
    def table(self) -> route_table.RouteTable:
        data = self.server.objects[f"{CORE}/configmaps/churn-routes"]["data"]
        return route_table.parse(data[route_table.CONFIG_MAP_KEY])


@asynccontextmanager
async def parts() -> AsyncIterator[Parts]:
    async with api_server.running() as (server, cluster):
        made = Parts(server, cluster)
        yield made
        await made.acknowledgements.stop()
