"""A real API server, a namespace for each test, and operators that run as processes on this machine.

No kubelet is needed: the pods are told to wait for a node that does not exist, and what a kubelet would say of them
is written into their status by hand.
"""

import json
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests.cluster
from endpoint_operator.cluster import client
from tests.builders import worlds
from tests.demo import install

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def kubernetes() -> tests.cluster.Cluster:
    """A cluster that has the project's kinds."""
    cluster = tests.cluster.ensure_up()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    names = [f"crd/{path.stem}" for path in (ROOT / "crds").glob("*.yaml")]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    return cluster


@pytest.fixture(scope="session")
def cluster(kubernetes: tests.cluster.Cluster) -> tests.cluster.Cluster:
    return kubernetes


@pytest.fixture(scope="session", autouse=True)
def alone(kubernetes: tests.cluster.Cluster) -> Iterator[None]:
    """No operator but those of these tests: one that serves the whole cluster would do their work for them."""
    install.leave_others_alone(kubernetes)
    selector = install.OPERATORS
    found = json.loads(kubernetes.kubectl("get", "deployments", "-A", "-l", selector, "-o", "json"))["items"]
    for item in found:
        _scale(kubernetes, item, 0)
    if found:
        kubernetes.kubectl("wait", "pods", "-A", "-l", selector, "--for=delete", "--timeout=60s")
    yield
    for item in found:
        _scale(kubernetes, item, item["spec"]["replicas"])


def _scale(cluster: tests.cluster.Cluster, deployment: Any, replicas: int) -> None:
    metadata = deployment["metadata"]
    name = f"deployment/{metadata['name']}"
    cluster.kubectl("-n", metadata["namespace"], "scale", name, f"--replicas={replicas}")


@pytest.fixture
def namespace(cluster: tests.cluster.Cluster) -> Iterator[str]:
    name = f"operator-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
async def api(cluster: tests.cluster.Cluster) -> AsyncIterator[client.Client]:
    connected = client.Client(await client.configuration(str(cluster.kubeconfig)))
    yield connected
    await connected.close()


@pytest.fixture
async def world(
    api: client.Client,
    namespace: str,
) -> AsyncIterator[worlds.World]:
    made = worlds.World(api, namespace)
    yield made
    await made.close()
