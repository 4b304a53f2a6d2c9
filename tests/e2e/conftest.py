"""The product, installed on a real cluster from its images and its chart.

A test module has a namespace for what it makes, and shares with the others one endpoint, which it finds as new.
"""

import dataclasses
import pathlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import tests.cluster
from tests.cluster import Cluster, images
from tests.demo import dataset, install, models, store
from tests.e2e import endpoints

STORE_NAMESPACE = "e2e-store"
SHARED_NAMESPACE = "e2e-shared"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return tests.cluster.ensure_up()


@pytest.fixture(scope="session")
def row() -> str:
    """One customer, whom the two models score differently."""
    return dataset.make(models.CUSTOMERS).part(models.TEST_CUSTOMERS.start, models.CUSTOMERS).csv_rows()[0]


@pytest.fixture(scope="session")
def data_urls(cluster: Cluster) -> dict[str, str]:
    """Where the two trained models are, by the variant's name; ``broken`` is a pickle, ``missing`` is not there."""
    install.namespace(cluster, STORE_NAMESPACE)
    store.deploy(cluster, STORE_NAMESPACE, images.reference("demo-store"))
    artefacts = {recipe.key: models.artefact(recipe, print) for recipe in models.RECIPES}
    pickle = models.pack({"xgboost-model": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}"})
    store.upload(cluster, STORE_NAMESPACE, {**artefacts, "churn/pickle/model.tar.gz": pickle})
    keys = {recipe.variant: recipe.key for recipe in models.RECIPES}
    keys |= {"broken": "churn/pickle/model.tar.gz", "missing": "churn/none/model.tar.gz"}
    return {name: f"s3://{store.BUCKET}/{key}" for name, key in keys.items()}


@pytest.fixture(scope="module")
def operator(cluster: Cluster) -> Cluster:
    """The cluster with the CRDs and the chart installed, whatever the module before did to them."""
    install.crds(cluster)
    install.operator(cluster)
    return cluster


@pytest.fixture(scope="module")
def namespace(cluster: Cluster, operator: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:  # noqa: ARG001
    """A namespace of its own for each module, with the Secret that opens the store; gone afterwards."""
    with _fresh(
        cluster, "e2e-" + re.sub(r"[^a-z]+", "-", request.module.__name__.rpartition("test_")[2])
    ) as name:
        yield name


@pytest.fixture(scope="session")
def shared_namespace(cluster: Cluster) -> Iterator[str]:
    """Where the endpoint is that the modules share."""
    with _fresh(cluster, SHARED_NAMESPACE) as name:
        yield name
        # A next run may need it at once: without pods it is gone in seconds, see `install.remove_namespace`.
        cluster.kubectl("delete", "mlep", "--all", "--cascade=foreground", "--namespace", name)


@contextmanager
def _fresh(cluster: Cluster, name: str) -> Iterator[str]:
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=120s", timeout=130)
    install.namespace(cluster, name)
    store.give_access(cluster, store_namespace=STORE_NAMESPACE, namespace=name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def node_folder(cluster: Cluster) -> Iterator[pathlib.Path]:
    """A folder of the cluster's node, which any user of a pod may read and write."""
    if not cluster.is_ours:
        pytest.skip("needs a cluster whose node is this machine: unset KUBECONFIG")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pointsman-node-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def endpoint(cluster: Cluster, namespace: str) -> Callable[[str], endpoints.LiveEndpoint]:
    """Makes a handle for an endpoint of the module's namespace."""
    return lambda name: endpoints.LiveEndpoint(cluster, namespace, name)


@pytest.fixture(scope="module")
def pair(data_urls: dict[str, str]) -> list[endpoints.VariantSpec]:
    """The two churn models, each worth half of the traffic, one pod each."""
    return [
        endpoints.VariantSpec(
            "Variant1", data_urls["Variant1"], 0.5, image=images.reference("xgboost-2.1.4")
        ),
        endpoints.VariantSpec("Variant2", data_urls["Variant2"], 0.5),
    ]


@pytest.fixture(scope="module")
def churn(
    operator: Cluster, shared_namespace: str, pair: list[endpoints.VariantSpec]
) -> endpoints.LiveEndpoint:
    """An endpoint of two variants with two pods each, which modules share: as at first, whatever the one before did."""
    live = endpoints.LiveEndpoint(operator, shared_namespace, "churn")
    live.apply_config("churn-1", [dataclasses.replace(variant, count=2) for variant in pair])
    live.apply("churn-1")
    live.patch({"weights": None, "instanceCounts": None})
    live.wait_until_ready()
    return live


@pytest.fixture(scope="module")
def two_each(cluster: Cluster, churn: endpoints.LiveEndpoint) -> endpoints.LiveEndpoint:
    """The same on a cluster that may be harmed: any pod may go."""
    if not cluster.is_ours:
        pytest.skip("needs a cluster whose parts can be stopped: unset KUBECONFIG")
    return churn


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(420))
    items.sort(key=lambda item: item.path.name == "test_outages.py")
