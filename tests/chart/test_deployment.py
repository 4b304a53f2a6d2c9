"""deployment.yaml."""

import pytest

from endpoint_operator import settings
from tests.chart import chart


def pod(objects: chart.Objects) -> chart.Object:
    spec: chart.Object = objects.one("Deployment")["spec"]["template"]["spec"]
    return spec


def test_the_operator_reads_every_setting_that_the_chart_makes(rendered: chart.Objects) -> None:
    """The chart's names and values are put before the program's own reading of them."""
    environment = {
        **rendered.environment,
        "POINTSMAN_NAMESPACE": "pointsman-system",
        "POINTSMAN_POD_NAME": "pod-1",
        "POINTSMAN_POD_UID": "0-1",
    }
    known = {variable for _, variable, _, _ in settings.OPTIONS} | {"POINTSMAN_POD_NAME", "POINTSMAN_POD_UID"}
    assert set(environment) <= known
    read = settings.read([], environment)
    assert (read.namespace, read.watch_namespace) == ("pointsman-system", "")
    assert (read.identity, read.pod_uid) == ("pod-1", "0-1")
    assert (read.workers, read.resync_seconds, read.drain_seconds) == (8, 300, 5)
    assert (read.log_format, read.log_level, read.http_port) == ("text", "info", 8080)


def test_its_name_and_namespace_come_from_the_pod(rendered: chart.Objects) -> None:
    fields = {
        each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"]
        for each in rendered.operator["env"]
        if "valueFrom" in each
    }
    assert fields == {
        "POINTSMAN_NAMESPACE": "metadata.namespace",
        "POINTSMAN_POD_NAME": "metadata.name",
        "POINTSMAN_POD_UID": "metadata.uid",
    }


def test_settings_reach_the_operator(helm: chart.Helm) -> None:
    values = {
        "watchNamespace": "team-a",
        "log": {"format": "json", "level": "debug"},
        "reconcile": {"workers": 3, "resyncSeconds": 60, "drainSeconds": 0},
        "router": {"resources": {"requests": {"cpu": "1"}, "limits": {"memory": None}}},
    }
    environment = helm.render(values).environment
    assert environment["POINTSMAN_WATCH_NAMESPACE"] == "team-a"
    assert environment["POINTSMAN_LOG_FORMAT"] == "json"
    assert environment["POINTSMAN_LOG_LEVEL"] == "debug"
    assert environment["POINTSMAN_WORKERS"] == "3"
    assert environment["POINTSMAN_RESYNC_SECONDS"] == "60"
    assert environment["POINTSMAN_DRAIN_SECONDS"] == "0"
    assert settings.read([], environment).router_resources == {
        "requests": {"cpu": "1", "memory": "64Mi"},
        "limits": {},
    }


@pytest.mark.parametrize(
    ("image", "prefix", "tag"),
    [
        ({}, "", "0.1.0"),
        ({"registry": "localhost"}, "localhost/", "0.1.0"),
        (
            {"registry": "registry.test:5000/mirror", "tag": "2026.11"},
            "registry.test:5000/mirror/",
            "2026.11",
        ),
    ],
    ids=["as published", "another registry", "registry with port and path, and a tag"],
)
def test_all_images_come_from_one_registry_with_one_tag(
    helm: chart.Helm, image: chart.Object, prefix: str, tag: str
) -> None:
    objects = helm.render({"image": {**image, "pullPolicy": "Always"}, "xgboost": {"version": "2.1.4"}})
    assert objects.operator["image"] == f"{prefix}pointsman/operator:{tag}"
    assert objects.operator["imagePullPolicy"] == "Always"
    assert objects.environment["POINTSMAN_ROUTER_IMAGE"] == f"{prefix}pointsman/router:{tag}"
    assert objects.environment["POINTSMAN_LOADER_IMAGE"] == f"{prefix}pointsman/loader:{tag}"
    assert objects.environment["POINTSMAN_XGBOOST_IMAGE"] == f"{prefix}pointsman/xgboost:{tag}-xgb2.1.4"
    assert objects.environment["POINTSMAN_IMAGE_PULL_POLICY"] == "Always"


def test_the_pod_is_what_restricted_asks_for(rendered: chart.Objects) -> None:
    assert pod(rendered)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert rendered.operator["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [list(volume) for volume in pod(rendered)["volumes"]] == [["name", "emptyDir"]]


def test_liveness_asks_for_the_process_and_readiness_for_its_readiness(rendered: chart.Objects) -> None:
    paths = {
        name: rendered.operator[name]["httpGet"]["path"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert rendered.operator["ports"] == [{"name": "http", "containerPort": 8080}]
    assert rendered.environment["POINTSMAN_HTTP_PORT"] == "8080"


def test_an_upgrade_never_leaves_less_operators_than_asked_for(rendered: chart.Objects) -> None:
    assert rendered.one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {
        "maxSurge": 1,
        "maxUnavailable": 0,
    }


def test_one_operator_is_enough_and_two_are_spread_over_nodes(
    helm: chart.Helm, rendered: chart.Objects
) -> None:
    assert rendered.one("Deployment")["spec"]["replicas"] == 1
    assert "topologySpreadConstraints" not in pod(rendered)
    two = helm.render({"replicas": 2})
    assert two.one("Deployment")["spec"]["replicas"] == 2
    assert pod(two)["topologySpreadConstraints"][0]["whenUnsatisfiable"] == "ScheduleAnyway"


def test_where_and_how_it_runs_is_the_users_to_say(helm: chart.Helm) -> None:
    affinity: chart.Object = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}
    }
    values: chart.Object = {
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": affinity,
        "priorityClassName": "system-cluster-critical",
        "imagePullSecrets": [{"name": "registry-login"}],
        "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
        "podAnnotations": {"example.com/a": "1"},
    }
    objects = helm.render(values)
    spec = pod(objects)
    for name in ("nodeSelector", "tolerations", "affinity", "priorityClassName", "imagePullSecrets"):
        assert spec[name] == values[name]
    assert objects.operator["resources"]["requests"] == {"cpu": "1", "memory": "128Mi"}
    assert objects.operator["resources"]["limits"] == {"memory": "1Gi"}
    assert objects.one("Deployment")["spec"]["template"]["metadata"]["annotations"] == {"example.com/a": "1"}


def test_a_label_of_the_users_never_takes_the_pods_out_of_the_selector(helm: chart.Helm) -> None:
    objects = helm.render({"podLabels": {"team": "a", "app.kubernetes.io/name": "mine"}})
    deployment = objects.one("Deployment")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert labels["team"] == "a"
    assert deployment["selector"]["matchLabels"].items() <= labels.items()


def test_the_selector_does_not_change_with_versions(rendered: chart.Objects) -> None:
    assert set(rendered.one("Deployment")["spec"]["selector"]["matchLabels"]) == {
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/component",
    }


def test_two_releases_in_one_namespace_share_no_name_and_no_lease(
    helm: chart.Helm, rendered: chart.Objects
) -> None:
    other = helm.render({"watchNamespace": "team-a"}, release="second")
    names = {(each["kind"], each["metadata"]["name"]) for each in rendered.all}
    assert names.isdisjoint((each["kind"], each["metadata"]["name"]) for each in other.all)
    assert other.environment["POINTSMAN_LEASE_NAME"] == "second-pointsman-operator"
