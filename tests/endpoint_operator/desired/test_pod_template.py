from typing import Any

from endpoint_operator.desired import names
from tests.builders import desired_objects, manifests


def _spec(**fields: Any) -> Any:
    rolled, _ = desired_objects.rolled_out(manifests.variant(**fields))
    return rolled.variants[0].template["spec"]


def test_the_model_is_fetched_before_the_router_starts_and_the_router_before_the_model_server() -> None:
    spec = _spec()
    assert [item["name"] for item in spec["initContainers"]] == ["model-loader", "router"]
    assert [item["name"] for item in spec["containers"]] == ["model"]
    assert [item.get("restartPolicy") for item in spec["initContainers"]] == [None, "Always"]


def test_carries_the_names_by_which_it_is_found_exactly_as_written() -> None:
    rolled, _ = desired_objects.rolled_out(manifests.variant("Variant1"))
    labels = rolled.variants[0].template["metadata"]["labels"]
    assert labels == {
        "app.kubernetes.io/managed-by": "pointsman",
        "pointsman.dev/endpoint": "churn",
        "pointsman.dev/variant": "Variant1",
        "pointsman.dev/revision": rolled.variants[0].revision,
    }


def test_runs_as_the_routers_account_unless_the_variant_has_its_own() -> None:
    assert _spec()["serviceAccountName"] == names.router("churn")
    assert _spec(serviceAccountName="own")["serviceAccountName"] == "own"


def test_only_the_router_gets_a_token() -> None:
    spec = _spec()
    assert spec["automountServiceAccountToken"] is False
    everyone = {item["name"]: item["volumeMounts"] for item in spec["initContainers"] + spec["containers"]}
    holders = {name for name, mounts in everyone.items() if any(m["name"] == "router-token" for m in mounts)}
    assert holders == {"router"}


def test_only_the_loader_may_write_the_model() -> None:
    spec = _spec()
    writers = [
        item["name"]
        for item in spec["initContainers"] + spec["containers"]
        for mount in item["volumeMounts"]
        if mount["name"] == "model" and not mount.get("readOnly")
    ]
    assert writers == ["model-loader"]


def test_ends_only_after_the_longest_request() -> None:
    spec = _spec()
    pause = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] >= pause + 60


def test_where_pods_run_is_the_users_choice_without_nulls() -> None:
    spec = _spec(
        nodeSelector={"a": "b"},
        tolerations=[{"key": "gpu", "value": None}],
        affinity={"nodeAffinity": {"x": [1]}},
        imagePullSecrets=[{"name": "registry"}],
    )
    assert spec["nodeSelector"] == {"a": "b"}
    assert spec["tolerations"] == [{"key": "gpu"}]
    assert spec["affinity"] == {"nodeAffinity": {"x": [1]}}
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_what_the_user_leaves_open_is_left_to_kubernetes() -> None:
    assert not {"nodeSelector", "tolerations", "affinity", "imagePullSecrets"} & set(_spec())


def test_a_model_on_a_claim_brings_the_claim() -> None:
    volumes = _spec(data_url="pvc://models/churn/model.tar.gz")["volumes"]
    assert [v["persistentVolumeClaim"]["claimName"] for v in volumes if "persistentVolumeClaim" in v] == [
        "models"
    ]
    assert not [v for v in _spec()["volumes"] if "persistentVolumeClaim" in v]
