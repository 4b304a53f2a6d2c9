"""Models from where people keep them: a PersistentVolumeClaim, a folder of a bucket, a node's cache."""

import hashlib
import io
import pathlib
import tarfile
import urllib.request
from collections.abc import Callable, Iterator

import pytest
import yaml

from tests.cluster import Cluster
from tests.demo import models, store
from tests.e2e import conftest, endpoints, load

CLAIM = "models"


@pytest.fixture(scope="module")
def artefact() -> bytes:
    return models.artefact(models.RECIPES[1], print)


@pytest.fixture(scope="module")
def files(artefact: bytes) -> dict[str, bytes]:
    """What is in the archive, by path."""
    with tarfile.open(fileobj=io.BytesIO(artefact)) as archive:
        members = {member.name: archive.extractfile(member) for member in archive if member.isreg()}
        return {name: content.read() for name, content in members.items() if content}


@pytest.fixture(scope="module")
def claim(
    cluster: Cluster, namespace: str, node_folder: pathlib.Path, artefact: bytes, files: dict[str, bytes]
) -> Iterator[str]:
    """A bound claim that holds the model twice: as an archive, and as a folder."""
    volume = f"{namespace}-{CLAIM}"
    top = node_folder / "volume"
    (top / "churn" / "folder").mkdir(parents=True)
    (top / "churn" / "model.tar.gz").write_bytes(artefact)
    for name, content in files.items():
        (top / "churn" / "folder" / name).write_bytes(content)
    common = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    manifests = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume},
            "spec": {**common, "capacity": {"storage": "1Gi"}, "hostPath": {"path": str(top)}},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": CLAIM, "namespace": namespace},
            "spec": {**common, "volumeName": volume, "resources": {"requests": {"storage": "1Gi"}}},
        },
    ]
    cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    bound = ["--for=jsonpath={.status.phase}=Bound", "--timeout=60s", "--namespace", namespace]
    cluster.kubectl("wait", f"pvc/{CLAIM}", *bound)
    yield CLAIM
    cluster.kubectl("delete", "persistentvolume", volume, "--wait=false")


def identities(live: endpoints.LiveEndpoint) -> dict[str, dict[str, str]]:
    """What the status says of each variant's model."""
    return {each["variantName"]: each["model"] for each in live.status()["productionVariants"]}


def asked(live: endpoints.LiveEndpoint, variant: str, row: str) -> str:
    request = urllib.request.Request(
        f"{live.url()}/invocations",
        data=row.encode(),
        headers={"Content-Type": "text/csv", "X-Amzn-SageMaker-Target-Variant": variant},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_one_model_from_a_claim_from_a_folder_and_from_a_bucket_gives_one_answer(
    cluster: Cluster,
    endpoint: Callable[[str], endpoints.LiveEndpoint],
    data_urls: dict[str, str],
    claim: str,
    files: dict[str, bytes],
    row: str,
) -> None:
    uploads = {f"churn/folder/{name}": content for name, content in files.items()}
    store.upload(cluster, conftest.STORE_NAMESPACE, uploads)
    sources = {
        "Bucket": data_urls["Variant2"],
        "BucketFolder": f"s3://{store.BUCKET}/churn/folder/",
        "Claim": f"pvc://{claim}/churn/model.tar.gz",
        "ClaimFolder": f"pvc://{claim}/churn/folder/",
    }
    live = endpoint("sources")
    live.apply_config("sources-1", [endpoints.VariantSpec(name, url) for name, url in sources.items()])
    live.apply("sources-1")
    live.wait_until_ready()
    assert len({asked(live, variant, row) for variant in sources}) == 1
    told = identities(live)
    assert {name: model["dataUrl"] for name, model in told.items()} == sources
    assert told["Claim"]["sha256"] == told["Bucket"]["sha256"]
    assert told["ClaimFolder"]["sha256"] == told["BucketFolder"]["sha256"]
    assert told["BucketFolder"]["eTag"].endswith(f'-{len(files)}"')
    live.delete()


def test_a_claim_that_is_not_there_is_named_in_the_status(
    endpoint: Callable[[str], endpoints.LiveEndpoint],
) -> None:
    live = endpoint("claimless")
    live.apply_config("claimless-1", [endpoints.VariantSpec("V", "pvc://absent/model.tar.gz")])
    live.apply("claimless-1")
    degraded = live.wait_for_condition("Degraded", "True", reason="Unschedulable")
    assert 'persistentvolumeclaim "absent" not found' in degraded["message"]
    live.delete()


def test_a_file_that_is_not_on_the_claim_is_named_in_the_status(
    endpoint: Callable[[str], endpoints.LiveEndpoint], claim: str
) -> None:
    live = endpoint("fileless")
    live.apply_config("fileless-1", [endpoints.VariantSpec("V", f"pvc://{claim}/absent.json")])
    live.apply("fileless-1")
    degraded = live.wait_for_condition("Degraded", "True", reason="ModelDownloadFailed")
    assert f"pvc://{claim}/absent.json: no such file or directory" in degraded["message"]
    live.delete()


def test_a_model_that_is_overwritten_in_the_store_replaces_none_that_serves(
    cluster: Cluster, endpoint: Callable[[str], endpoints.LiveEndpoint], row: str
) -> None:
    old, new = (models.artefact(recipe, print) for recipe in models.RECIPES)
    key = "churn/overwritten/model.tar.gz"
    store.upload(cluster, conftest.STORE_NAMESPACE, {key: old})
    live = endpoint("overwritten")
    live.apply_config("overwritten-1", [endpoints.VariantSpec("V", f"s3://{store.BUCKET}/{key}")])
    live.apply("overwritten-1")
    live.wait_until_ready()
    serving = live.pod_uids()
    url = live.url()
    live.wait_until(lambda: endpoints.accepts(url), "connections are accepted")
    answer = asked(live, "V", row)
    with load.Load(url, row, workers=2, pause=0.05) as traffic:
        store.upload(cluster, conftest.STORE_NAMESPACE, {key: new})
        live.patch({"instanceCounts": {"V": 2}})
        degraded = live.wait_for_condition("Degraded", "True", reason="ModelChanged")
        for told in (old, new):
            assert hashlib.sha256(told).hexdigest() in degraded["message"]
        assert "put the old one back, or roll out the new one with an EndpointConfig" in degraded["message"]
        assert live.condition("Serving")["status"] == "True"
        assert identities(live)["V"]["sha256"] == hashlib.sha256(old).hexdigest()
        traffic.wait_for(20)
        store.upload(cluster, conftest.STORE_NAMESPACE, {key: old})
        (refusing,) = live.pod_uids().keys() - serving.keys()
        live.kubectl("delete", "pod", refusing)  # else the kubelet would try it again in ten seconds or more
        live.wait_until_ready()
        traffic.wait_for(20)
    assert traffic.failures == []
    assert {outcome.body for outcome in traffic.outcomes} == {answer}
    assert serving.items() < live.pod_uids().items()
    live.delete()
