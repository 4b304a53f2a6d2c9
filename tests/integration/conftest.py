"""A real API server, a namespace for each test, and operators that run as processes on this machine.

No kubelet is needed: the pods are told to wait for a node that does not exist, and what a kubelet would say of them
is written into their status by hand.
"""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import tests.cluster
from endpoint_operator.cluster import client
from tests.builders import worlds

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cluster() -> tests.cluster.Cluster:
    cluster = tests.cluster.ensure_up()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    names = [f"crd/{path.stem}" for path in (ROOT / "crds").glob("*.yaml")]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    return cluster


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
async def world(api: client.Client, namespace: str) -> AsyncIterator[worlds.World]:
    made = worlds.World(api, namespace)
    yield made
    await made.close()
