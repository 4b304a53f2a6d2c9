import dataclasses
from typing import Any

import pytest

from endpoint_operator.api import parse
from endpoint_operator.desired import containers, defaults
from tests.builders import desired_objects, manifests

DEFAULTS = desired_objects.DEFAULTS


def _variant(**fields: Any) -> Any:
    return parse.endpoint_config(
        manifests.endpoint_config(manifests.variant(**fields))
    ).spec.production_variants[0]


def _model(**fields: Any) -> Any:
    return containers.model_server(_variant(**fields), "churn", DEFAULTS)


def _loader(**fields: Any) -> Any:
    return containers.model_loader(_variant(**fields), "churn", DEFAULTS)


def _environment(container: Any) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container["env"] if "value" in item}


def test_the_model_server_is_told_sagemakers_contract() -> None:
    container = _model()
    environment = _environment(container)
    assert container["args"] == ["serve"]
    assert environment["SM_MODEL_DIR"] == "/opt/ml/model"
    assert environment["SAGEMAKER_BIND_TO_PORT"] == "8080"
    assert container["readinessProbe"]["httpGet"] == {"path": "/ping", "port": 8080, "scheme": "HTTP"}


def test_the_users_variables_come_sorted_and_mean_what_they_say() -> None:
    container = _model(model={"env": {"B": "$(HOME)", "A": "$$"}})
    assert container["env"][-2:] == [{"name": "A", "value": "$$$$"}, {"name": "B", "value": "$$(HOME)"}]


def test_credentials_are_the_loaders_alone() -> None:
    assert _loader(model={"credentialsSecret": "s"})["envFrom"] == [{"secretRef": {"name": "s"}}]
    assert "envFrom" not in _loader()
    assert "envFrom" not in _model(model={"credentialsSecret": "s"})


def test_the_loader_is_told_where_the_model_is() -> None:
    assert _environment(_loader(data_url="s3://a/$(b)"))["MODEL_DATA_URL"] == "s3://a/$$(b)"


def test_a_claim_that_holds_the_model_is_mounted_read_only_in_the_loader_alone() -> None:
    mount = {"name": "model-claim", "mountPath": "/mnt/model-claim", "readOnly": True}
    assert mount in _loader(data_url="pvc://models/churn/model.tar.gz")["volumeMounts"]
    assert mount not in _loader()["volumeMounts"]
    assert mount not in _model(data_url="pvc://models/churn/model.tar.gz")["volumeMounts"]


def test_the_nodes_cache_is_the_loaders_alone_and_only_if_the_installation_has_one() -> None:
    cached = dataclasses.replace(
        DEFAULTS, loader_cache_host_path="/var/cache/models", loader_cache_size="1Gi"
    )
    loader = containers.model_loader(_variant(), "churn", cached)
    mount = {"name": "model-cache", "mountPath": "/var/cache/pointsman"}
    assert mount in loader["volumeMounts"]
    assert _environment(loader)["MODEL_LOADER_CACHE_DIR"] == mount["mountPath"]
    assert _environment(loader)["MODEL_LOADER_CACHE_SIZE"] == "1Gi"
    assert mount not in containers.model_server(_variant(), "churn", cached)["volumeMounts"]
    assert mount not in _loader()["volumeMounts"]


def test_only_our_images_follow_the_installations_pull_policy() -> None:
    assert _model()["imagePullPolicy"] == "IfNotPresent"
    assert _model(model={"image": "pointsman/xgboost:0.1.0-xgb2.1.4"})["imagePullPolicy"] == "IfNotPresent"
    assert "imagePullPolicy" not in _model(model={"image": "example.com/own:1"})


@pytest.mark.parametrize("image", ["", "pointsman/xgboost:0.1.0-xgb2.1.4", "pointsman/xgboost@sha256:0"])
def test_our_model_server_runs_restricted_on_a_read_only_file_system(image: str) -> None:
    context = _model(model={"image": image})["securityContext"]
    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
    }


def test_a_foreign_model_server_keeps_its_user_and_file_system() -> None:
    context = _model(model={"image": "example.com/own:1"})["securityContext"]
    assert not {"runAsNonRoot", "readOnlyRootFilesystem"} & set(context)


def test_the_users_security_context_wins_field_by_field() -> None:
    context = _model(securityContext={"runAsUser": 1000, "readOnlyRootFilesystem": False})["securityContext"]
    assert (context["runAsUser"], context["readOnlyRootFilesystem"], context["runAsNonRoot"]) == (
        1000,
        False,
        True,
    )


def test_the_users_resources_are_the_model_servers_alone() -> None:
    resources = {"limits": {"cpu": 2}, "requests": {"memory": "1Gi"}}
    assert _model(resources=resources)["resources"] == {"limits": {"cpu": "2"}, "requests": {"memory": "1Gi"}}
    assert _model()["resources"] == {}
    assert _loader(resources=resources)["resources"] == _loader()["resources"]


def test_our_own_containers_ask_for_what_the_installation_says() -> None:
    little = defaults.Resources(requests={"cpu": "50m"}, limits={"memory": "256Mi"})
    settings = defaults.Defaults("r", "l", "m", router_resources=little)
    assert containers.router("A", "churn", settings)["resources"] == {
        "requests": {"cpu": "50m"},
        "limits": {"memory": "256Mi"},
    }
    assert _loader()["resources"] == {}


def test_the_router_is_asked_for_its_table_never_for_a_model_server() -> None:
    router = containers.router("A", "churn", DEFAULTS)
    paths = {name: router[name]["httpGet"]["path"] for name in router if name.endswith("Probe")}
    assert paths == {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz"}


def test_the_router_is_told_to_drain_before_anything_ends() -> None:
    router = containers.router("A", "churn", DEFAULTS)
    assert router["lifecycle"]["preStop"]["exec"]["command"] == ["sh", "-c", "kill -USR1 1"]


def test_every_container_leaves_its_last_word_and_knows_its_names() -> None:
    for container in (_loader(), containers.router("Variant1", "churn", DEFAULTS), _model()):
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        environment = _environment(container)
        assert (environment["POINTSMAN_ENDPOINT"], environment["POINTSMAN_VARIANT"]) == ("churn", "Variant1")
