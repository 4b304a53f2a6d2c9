"""The chart on a real cluster, in a namespace that admits nothing but `restricted` pods."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import tests.cluster
from endpoint_operator.desired import owner, router_access
from tests.chart import chart, rights
from tests.cluster import Cluster, HarnessError, images

NAMESPACE = "chart-install"
RELEASE = "tried"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}-pointsman-operator"
# It serves its own namespace only, so that it meets no other operator of this cluster.
SETTINGS = {"watchNamespace": NAMESPACE, "image.tag": images.version()}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """With the kinds and an empty restricted namespace, which goes afterwards."""
    cluster = tests.cluster.ensure_up()
    crds = chart.DIRECTORY / "crds"
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(crds))
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(crds))
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=150s", timeout=160)
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    yield cluster
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Cluster:
    """The cluster with the chart installed, its operator ready."""
    install(cluster, "replicas=1")
    return cluster


def install(cluster: Cluster, *settings: str) -> None:
    values = [f"{name}={value}" for name, value in SETTINGS.items()]
    cluster.helm(
        *("upgrade", "--install", RELEASE, str(chart.DIRECTORY), "--namespace", NAMESPACE, "--skip-crds"),
        *("--set-string", f"image.registry={images.registry()}"),
        *(part for value in [*values, *settings] for part in ("--set", value)),
        *("--wait", "--timeout=150s"),
    )


def may(cluster: Cluster, verb: str, resource: str, *options: str) -> bool:
    try:
        answer = cluster.kubectl("auth", "can-i", verb, resource, f"--as={ACCOUNT}", *options)
    except HarnessError:
        return False
    return answer.strip() == "yes"


def listed(cluster: Cluster, kinds: str, *options: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(cluster.kubectl("get", kinds, "-o", "json", *options))["items"]
    return items


@pytest.mark.parametrize(
    "settings", [(), ("watchNamespace=default", "replicas=2")], ids=["cluster-wide", "one namespace"]
)
def test_the_api_server_accepts_every_object_as_it_is(cluster: Cluster, settings: tuple[str, ...]) -> None:
    manifests = cluster.helm(
        *(
            "template",
            "dry",
            str(chart.DIRECTORY),
            "--namespace",
            NAMESPACE,
            "--kube-version",
            chart.KUBE_VERSION,
        ),
        *(part for setting in settings for part in ("--set", setting)),
    )
    cluster.kubectl("create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=manifests)


def test_the_operator_gets_ready_and_helms_own_test_passes(installed: Cluster) -> None:
    printed = installed.helm("test", RELEASE, "--namespace", NAMESPACE, "--timeout", "120s")
    assert "Phase:          Succeeded" in printed


def test_the_operator_takes_the_lease_that_it_may_take(installed: Cluster) -> None:
    installed.kubectl(
        *("wait", "lease", f"{RELEASE}-pointsman-operator", "--namespace", NAMESPACE),
        *("--for=jsonpath={.spec.holderIdentity}", "--timeout=60s"),
    )


def test_its_account_may_what_it_needs_in_its_namespace_and_nothing_elsewhere(installed: Cluster) -> None:
    for resource, verbs in rights.OPERATOR.items():
        for verb in verbs:
            name, _, subresource = resource.partition("/")
            group = subresource.partition(".")[2]
            kind = f"{name}.{group}" if group else name
            option = [f"--subresource={subresource.partition('.')[0]}"] if subresource else []
            assert may(installed, verb, kind, "--namespace", NAMESPACE, *option), (verb, resource)
    for verb, resource in (("list", "pods"), ("patch", "services"), ("list", "endpoints.pointsman.dev")):
        assert not may(installed, verb, resource, "--namespace", "default"), (verb, resource)
    for verb, resource in (
        ("get", "secrets"),
        ("create", "pods"),
        ("bind", "roles.rbac.authorization.k8s.io"),
    ):
        assert not may(installed, verb, resource, "--namespace", NAMESPACE), (verb, resource)


def test_its_account_may_make_the_routers_role_but_none_that_exceeds_its_own(installed: Cluster) -> None:
    an_endpoint = owner.Owner(name="churn", namespace=NAMESPACE, uid="0")
    role = router_access.role(an_endpoint)
    create = ("create", "--dry-run=server", f"--as={ACCOUNT}", "-f", "-")
    installed.kubectl(*create, stdin=yaml.safe_dump(role))
    role["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]})
    with pytest.raises(HarnessError, match="attempting to grant RBAC permissions not currently held"):
        installed.kubectl(*create, stdin=yaml.safe_dump(role))


def test_a_second_operator_stands_by(installed: Cluster) -> None:
    install(installed, "replicas=2")
    pods = listed(
        installed, "pods", "--namespace", NAMESPACE, "--selector=app.kubernetes.io/component=operator"
    )
    # Those of the release before may still be on their way out.
    staying = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    assert len(staying) == 2
    assert all(each["ready"] for pod in staying for each in pod["status"]["containerStatuses"])
    assert len(listed(installed, "poddisruptionbudgets", "--namespace", NAMESPACE)) == 1


def test_an_uninstallation_takes_away_all_that_was_installed(installed: Cluster) -> None:
    installed.helm("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=90s")
    kinds = "deployments,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets"
    selector = f"--selector=app.kubernetes.io/instance={RELEASE}"
    assert listed(installed, kinds, "--namespace", NAMESPACE, selector) == []
    assert installed.kubectl("get", "-f", str(chart.DIRECTORY / "crds"), "-o", "name").splitlines()
