"""An endpoint on the real cluster as a test handles it: apply, patch, look at status, pods and routers."""

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib import parse

import yaml

from endpoint_contract import ports
from tests.cluster import Cluster, HarnessError


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """What a test says of a production variant; the rest is the product's default."""

    name: str
    data_url: str
    weight: float = 1.0
    count: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    cpu_limit: int | None = None

    def manifest(self) -> dict[str, Any]:
        model: dict[str, Any] = {"dataUrl": self.data_url, "credentialsSecret": "models-s3"}
        if self.env:
            model["env"] = dict(self.env)
        if self.image:
            model["image"] = self.image
        resources: dict[str, Any] = {"requests": {"cpu": "10m", "memory": "64Mi"}}
        if self.cpu_limit is not None:
            resources["limits"] = {"cpu": self.cpu_limit}
        return {
            "variantName": self.name,
            "model": model,
            "initialVariantWeight": self.weight,
            "initialInstanceCount": self.count,
            "resources": resources,
        }


class LiveEndpoint:
    """One Endpoint of ``namespace``; nothing is remembered, everything is asked from the cluster."""

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.name = name

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        return self.cluster.kubectl(*arguments, "--namespace", self.namespace, stdin=stdin, timeout=timeout)

    def apply_config(self, name: str, variants: Sequence[VariantSpec]) -> None:
        """Creates an EndpointConfig."""
        manifest = {
            "apiVersion": "pointsman.dev/v1alpha1",
            "kind": "EndpointConfig",
            "metadata": {"name": name},
            "spec": {"productionVariants": [variant.manifest() for variant in variants]},
        }
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))

    def apply(self, config: str, **spec: Any) -> None:
        """Creates the Endpoint, or changes it."""
        manifest = {
            "apiVersion": "pointsman.dev/v1alpha1",
            "kind": "Endpoint",
            "metadata": {"name": self.name},
            "spec": {"endpointConfigName": config, **spec},
        }
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(manifest))

    def patch(self, spec: Mapping[str, Any]) -> None:
        """The everyday merge patch."""
        self.kubectl("patch", "mlep", self.name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def delete(self) -> None:
        self.kubectl("delete", "mlep", self.name, "--timeout=20s")

    def object(self) -> dict[str, Any]:
        path = f"/apis/pointsman.dev/v1alpha1/namespaces/{self.namespace}/endpoints/{self.name}"
        return self.cluster.read(path)

    def status(self) -> dict[str, Any]:
        return dict(self.object().get("status", {}))

    def condition(self, type_: str) -> dict[str, Any]:
        """The condition of this type; an empty one when there is none, or when it speaks of an older spec."""
        seen = self.object()
        for condition in seen.get("status", {}).get("conditions", []):
            if (
                condition["type"] == type_
                and condition["observedGeneration"] == seen["metadata"]["generation"]
            ):
                return dict(condition)
        return {}

    def wait_for_condition(
        self, type_: str, status: str, *, reason: str = "", timeout: float = 120
    ) -> dict[str, Any]:
        """Returns the condition once it has ``status`` (and ``reason``) for the newest spec."""
        found: dict[str, Any] = {}

        def is_so() -> bool:
            found.clear()
            found.update(self.condition(type_))
            return found.get("status") == status and reason in ("", found.get("reason"))

        self.wait_until(is_so, f"condition {type_}={status} {reason}", timeout=timeout)
        return found

    def wait_until_ready(self, *, timeout: float = 150) -> None:
        self.wait_for_condition("Ready", "True", timeout=timeout)
        self.wait_for_condition("WeightsApplied", "True", timeout=30)

    def wait_until(self, is_so: Callable[[], bool], what: str, *, timeout: float = 60) -> None:
        """Returns once ``is_so()``; fails with ``what`` and the status as it is then."""
        deadline = time.monotonic() + timeout
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout:.0f} s: {what}\n{self._picture()}")
            time.sleep(0.1)

    def pods(self) -> list[dict[str, Any]]:
        selector = parse.urlencode({"labelSelector": f"pointsman.dev/endpoint={self.name}"})
        return list(self.cluster.read(f"/api/v1/namespaces/{self.namespace}/pods?{selector}")["items"])

    def pod_uids(self, variant: str | None = None) -> dict[str, str]:
        """UID by name of the pods, of one variant or of all, that are not going away."""
        return {
            pod["metadata"]["name"]: pod["metadata"]["uid"]
            for pod in self.pods()
            if variant in (None, pod["metadata"]["labels"]["pointsman.dev/variant"])
            and "deletionTimestamp" not in pod["metadata"]
        }

    def router_addresses(self) -> dict[str, str]:
        """``ip:8001`` of each pod's router, by pod name."""
        return self.addresses(ports.ROUTER_ADMIN)

    def addresses(self, port: int) -> dict[str, str]:
        """``ip:port`` of each pod, by its name."""
        return {pod["metadata"]["name"]: f"{pod['status']['podIP']}:{port}" for pod in self.pods()}

    def url(self) -> str:
        """Where a client on this machine reaches the endpoint's Service."""
        address = self.kubectl("get", "service", self.name, "-o", "jsonpath={.spec.clusterIP}")
        return f"http://{address.strip()}"

    def owned(self) -> list[str]:
        """All objects that belong to the endpoint, as kind/name."""
        kinds = "deployments,replicasets,pods,services,configmaps,serviceaccounts,roles,rolebindings"
        selector = f"pointsman.dev/endpoint={self.name}"
        listed = self.kubectl(
            "get", f"{kinds},controllerrevisions,endpointslices", "-l", selector, "-o", "name"
        )
        return listed.split()

    def _picture(self) -> str:
        try:
            seen = self.kubectl("get", "mlep,pods", "-o", "wide")
            return f"{seen}\n{json.dumps(self.status(), indent=1)}"
        except HarnessError as exc:
            return str(exc)


def accepts(url: str, *, timeout: float = 1) -> bool:
    """Whether a client can connect to ``url``, which has no path, within ``timeout`` seconds."""
    try:
        socket.create_connection((parse.urlsplit(url).netloc, 80), timeout=timeout).close()
    except OSError:
        return False
    return True


def router_weights(address: str, *, timeout: float = 10) -> dict[str, float]:
    """What the router at ``address`` (its admin port) applies now: weight by variant."""
    with urllib.request.urlopen(f"http://{address}/route-table", timeout=timeout) as answer:
        document = json.load(answer)
    return {variant["name"]: variant["weight"] for variant in document["table"]["variants"]}
