"""What a real API server makes of the CRDs: it refuses bad input by the field's name and fills in the defaults."""

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests.cluster
from tests.builders import manifests

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def namespace(cluster: tests.cluster.Cluster) -> Iterator[str]:
    name = f"crds-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def send(cluster: tests.cluster.Cluster, namespace: str) -> Callable[..., Manifest]:
    def send(manifest: Manifest, *options: str, verb: str = "create") -> Manifest:
        text = cluster.kubectl(
            verb, "-n", namespace, "-o", "json", *options, "-f", "-", stdin=json.dumps(manifest)
        )
        answer: Manifest = json.loads(text)
        return answer

    return send


def _config(**fields: Any) -> Manifest:
    config: Manifest = manifests.endpoint_config(manifests.variant(**fields))
    return config


def _many(*names: str) -> Manifest:
    config: Manifest = manifests.endpoint_config()
    config["spec"]["productionVariants"] = [manifests.variant(name) for name in names]
    return config


def _without_variant_name() -> Manifest:
    config = _config()
    del config["spec"]["productionVariants"][0]["variantName"]
    return config


STATUS: Manifest = {
    "observedGeneration": 1,
    "endpointStatus": "InService",
    "endpointConfigName": "churn-1",
    "url": "http://churn.default.svc",
    "weights": "Variant1=25% Variant2=75%",
    "variants": "2/2",
    "failureReason": "",
    "productionVariants": [
        {
            "variantName": "Variant1",
            "currentWeight": 0.25,
            "desiredWeight": 0.25,
            "currentInstanceCount": 2,
            "desiredInstanceCount": 2,
            "variantStatus": [
                {"status": "Updating", "statusMessage": "m", "startTime": "2026-11-22T00:00:00Z"}
            ],
            "deployedImages": [{"specifiedImage": "a:1", "resolvedImage": "a@sha256:0"}],
            "model": {"dataUrl": "s3://a", "eTag": "e", "sha256": "0"},
        }
    ],
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-22T00:00:00Z",
            "reason": "AllReady",
            "message": "",
        }
    ],
}
FIRST = "spec.productionVariants[0]"
REFUSED: dict[str, tuple[Manifest, str]] = {
    "two variants of one name": (_many("A", "A"), "spec.productionVariants[1]"),
    "names that differ in case only": (_many("Churn", "churn"), "spec.productionVariants"),
    "no variant": (_many(), "spec.productionVariants"),
    "eleven variants": (_many(*(f"V{i}" for i in range(11))), "spec.productionVariants"),
    "no spec": ({**_config(), "spec": None}, "spec"),
    "no variant name": (_without_variant_name(), f"{FIRST}.variantName"),
    "variant name with underscore": (_many("my_variant"), f"{FIRST}.variantName"),
    "variant name that ends with a hyphen": (_many("variant-"), f"{FIRST}.variantName"),
    "variant name of 64": (_many("v" * 64), f"{FIRST}.variantName"),
    "empty variant name": (_many(""), f"{FIRST}.variantName"),
    "negative weight": (_config(initialVariantWeight=-0.5), f"{FIRST}.initialVariantWeight"),
    "weight as text": (_config(initialVariantWeight="0.5"), f"{FIRST}.initialVariantWeight"),
    "weight without end": (_config(initialVariantWeight=1e10), f"{FIRST}.initialVariantWeight"),
    "negative count": (_config(initialInstanceCount=-1), f"{FIRST}.initialInstanceCount"),
    "half an instance": (_config(initialInstanceCount=1.5), f"{FIRST}.initialInstanceCount"),
    "unknown scheme": (_config(data_url="ftp://models/a.tar.gz"), f"{FIRST}.model.dataUrl"),
    "scheme in capitals": (_config(data_url="S3://models/a.tar.gz"), f"{FIRST}.model.dataUrl"),
    "file of a machine": (_config(data_url="file:///models/a.tar.gz"), f"{FIRST}.model.dataUrl"),
    "claim in capitals": (_config(data_url="pvc://Models/a.tar.gz"), f"{FIRST}.model.dataUrl"),
    "claim without a path": (_config(data_url="pvc://models"), f"{FIRST}.model.dataUrl"),
    "no scheme": (_config(data_url="models/a.tar.gz"), f"{FIRST}.model.dataUrl"),
    "environment name with a dot": (_config(model={"env": {"a.b": "1"}}), f"{FIRST}.model.env"),
    "the server's own port": (
        _config(model={"env": {"SAGEMAKER_BIND_TO_PORT": "1"}}),
        f"{FIRST}.model.env",
    ),
    "environment value as number": (_config(model={"env": {"A": 1}}), f"{FIRST}.model.env.A"),
    "memory in words": (
        _config(resources={"limits": {"memory": "a lot"}}),
        f"{FIRST}.resources.limits.memory",
    ),
    "negative quantity as text": (
        _config(resources={"limits": {"memory": "-1Gi"}}),
        f"{FIRST}.resources.limits.memory",
    ),
    "negative quantity": (_config(resources={"limits": {"cpu": -1}}), f"{FIRST}.resources.limits.cpu"),
    "quantity without end": (
        _config(resources={"limits": {"cpu": "1e999"}}),
        f"{FIRST}.resources.limits.cpu",
    ),
    "config name that is no name": (manifests.endpoint(config="No_Name"), "spec.endpointConfigName"),
    "no config name": (manifests.endpoint(config=""), "spec.endpointConfigName"),
    "endpoint name with a dot": (manifests.endpoint("2026.churn"), "metadata.name"),
    "endpoint name that begins with a digit": (manifests.endpoint("2026-churn"), "metadata.name"),
    "endpoint name of 64": (manifests.endpoint("c" * 64), "metadata.name"),
    "endpoint weight below zero": (manifests.endpoint(weights={"A": -1}), "spec.weights.A"),
    "endpoint weight as text": (manifests.endpoint(weights={"A": "1"}), "spec.weights.A"),
    "misspelt field": (manifests.endpoint(weight={"A": 1}), 'unknown field "spec.weight"'),
    "endpoint weight of no variant": (manifests.endpoint(weights={"A_b": 1}), "spec.weights"),
    "endpoint count below zero": (manifests.endpoint(instanceCounts={"A": -1}), "spec.instanceCounts.A"),
    "endpoint count of no variant": (manifests.endpoint(instanceCounts={"A b": 1}), "spec.instanceCounts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_with_a_message_that_names_the_field(send: Callable[..., Manifest], case: str) -> None:
    manifest, field = REFUSED[case]
    with pytest.raises(tests.cluster.HarnessError) as refusal:
        send(manifest, "--dry-run=server")
    print(refusal.value)
    assert field in str(refusal.value)


@pytest.mark.parametrize("number", [".nan", ".inf"])
def test_a_weight_that_is_no_finite_number_is_refused(
    cluster: tests.cluster.Cluster, namespace: str, number: str
) -> None:
    manifest = json.dumps(_config(initialVariantWeight="weight")).replace('"weight"', number)
    with pytest.raises(tests.cluster.HarnessError):
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin="# YAML\n" + manifest)


def test_a_weight_of_null_is_no_weight(send: Callable[..., Manifest]) -> None:
    stored = send(manifests.endpoint(weights={"A": None, "B": 1}), "--dry-run=server")
    assert stored["spec"]["weights"] == {"B": 1}


CHANGES: dict[str, Callable[[Manifest], object]] = {
    "another weight": lambda one: one.update(initialVariantWeight=2),
    "another model": lambda one: one["model"].update(dataUrl="s3://models/other"),
    "a field more": lambda one: one.update(serviceAccountName="other"),
    "a field less": lambda one: one.pop("resources"),
    "another toleration": lambda one: one["tolerations"][0].update(key="other"),
    "an affinity's inside": lambda one: one["affinity"]["podAntiAffinity"].update(other=1),
    "a security context's inside": lambda one: one["securityContext"].update(runAsUser=2),
    "a quantity": lambda one: one["resources"]["limits"].update(cpu=2),
}


@pytest.fixture(scope="module")
def stored_config(cluster: tests.cluster.Cluster, namespace: str) -> Manifest:
    manifest: Manifest = manifests.endpoint_config(
        manifests.variant(
            tolerations=[{"key": "gpu"}],
            affinity={"podAntiAffinity": {"some": 1}},
            securityContext={"runAsUser": 1},
            resources={"limits": {"cpu": 1}},
        ),
        name="immutable",
    )
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(manifest))
    return manifest


@pytest.mark.parametrize("change", CHANGES)
def test_an_endpoint_config_cannot_be_changed(
    send: Callable[..., Manifest], stored_config: Manifest, change: str
) -> None:
    manifest = copy.deepcopy(stored_config)
    CHANGES[change](manifest["spec"]["productionVariants"][0])
    with pytest.raises(tests.cluster.HarnessError, match=r"spec.*an EndpointConfig cannot be changed"):
        send(manifest, "--dry-run=server", verb="replace")


def test_an_endpoint_config_cannot_be_changed_by_removing_its_spec_first(
    cluster: tests.cluster.Cluster, namespace: str, stored_config: Manifest
) -> None:
    patch = ["patch", "-n", namespace, "mlepc", stored_config["metadata"]["name"]]
    with pytest.raises(tests.cluster.HarnessError, match="spec: Required value"):
        cluster.kubectl(*patch, "--type=json", "-p", '[{"op":"remove","path":"/spec"}]')
    with pytest.raises(tests.cluster.HarnessError, match="spec: Required value"):
        cluster.kubectl(*patch, "--type=merge", "-p", '{"spec":null}')


def test_an_endpoint_config_may_be_labelled_and_applied_again(
    send: Callable[..., Manifest], stored_config: Manifest
) -> None:
    manifest = copy.deepcopy(stored_config)
    manifest["metadata"]["labels"] = {"team": "churn"}
    assert send(manifest, verb="replace")["metadata"]["labels"] == {"team": "churn"}


def test_defaults_are_filled_in(send: Callable[..., Manifest]) -> None:
    stored = send(manifests.endpoint_config(name="defaults"))
    variant = stored["spec"]["productionVariants"][0]
    assert (variant["initialInstanceCount"], variant["initialVariantWeight"]) == (1, 1)


def test_the_longest_names_and_the_least_numbers_are_accepted(send: Callable[..., Manifest]) -> None:
    variant = manifests.variant("V" * 63, initialInstanceCount=0, initialVariantWeight=0)
    send(manifests.endpoint_config(variant, name="c" * 253), "--dry-run=server")
    send(manifests.endpoint("e" * 63, weights={"V" * 63: 0}, instanceCounts={"V": 0}), "--dry-run=server")


def test_a_merge_patch_of_one_weight_leaves_the_others(
    cluster: tests.cluster.Cluster, namespace: str, send: Callable[..., Manifest]
) -> None:
    send(manifests.endpoint("patched", weights={"A": 1, "B": 3}))
    patch = '{"spec":{"weights":{"B":1.5}}}'
    answer = cluster.kubectl(
        "patch", "-n", namespace, "mlep", "patched", "--type=merge", "-p", patch, "-o", "json"
    )
    assert json.loads(answer)["spec"]["weights"] == {"A": 1, "B": 1.5}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "crds" / "examples").glob("*.yaml")), ids=lambda path: path.name
)
def test_every_example_is_accepted_to_the_letter(
    cluster: tests.cluster.Cluster, namespace: str, path: Path
) -> None:
    cluster.kubectl("create", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", str(path))


def test_the_short_names_list_both_kinds_and_core_endpoints_stay_reachable(
    cluster: tests.cluster.Cluster, namespace: str, send: Callable[..., Manifest]
) -> None:
    send(manifests.endpoint("listed"))
    listing = cluster.kubectl("get", "-n", namespace, "mlep", "-o", "wide")
    assert listing.split()[:7] == ["NAME", "STATUS", "READY", "WEIGHTS", "VARIANTS", "CONFIG", "URL"]
    both = cluster.kubectl("get", "-n", namespace, "mlep,mlepc,pointsman")
    assert "endpoint.pointsman.dev/listed" in both
    assert "endpoint.pointsman.dev/listed" in cluster.kubectl(
        "get", "-n", namespace, "endpoint/listed", "-o", "name"
    )


@pytest.mark.parametrize(
    "field", ["mlep.spec.weights", "mlep.status.conditions", "mlepc.spec.productionVariants.model"]
)
def test_kubectl_explains_every_field(cluster: tests.cluster.Cluster, field: str) -> None:
    explained = cluster.kubectl("explain", "--api-version=pointsman.dev/v1alpha1", field)
    print(explained)
    assert "DESCRIPTION" in explained
    assert "<empty>" not in explained


def test_a_whole_status_is_kept_and_shown(
    cluster: tests.cluster.Cluster, namespace: str, send: Callable[..., Manifest]
) -> None:
    send(manifests.endpoint("described"))
    patch = ["patch", "-n", namespace, "mlep", "described", "--subresource=status", "--type=merge"]
    answer = cluster.kubectl(*patch, "-p", json.dumps({"status": STATUS}), "-o", "json")
    assert json.loads(answer)["status"] == STATUS
    shown = cluster.kubectl("get", "-n", namespace, "mlep", "described", "-o", "wide").splitlines()[1]
    print(shown)
    assert shown.split()[:7] == [
        "described", "InService", "True", "Variant1=25%", "Variant2=75%", "2/2", "churn-1",
    ]  # fmt: skip


def test_a_status_is_nobodys_input(send: Callable[..., Manifest]) -> None:
    assert "status" not in send({**manifests.endpoint("output-only"), "status": STATUS}, "--dry-run=server")


def test_a_status_in_words_of_its_own_is_refused(
    cluster: tests.cluster.Cluster, namespace: str, send: Callable[..., Manifest]
) -> None:
    send(manifests.endpoint("misdescribed"))
    patch = ["patch", "-n", namespace, "mlep", "misdescribed", "--subresource=status", "--type=merge"]
    with pytest.raises(tests.cluster.HarnessError, match=r"status\.endpointStatus"):
        cluster.kubectl(*patch, "-p", '{"status":{"endpointStatus":"Fine"}}')
