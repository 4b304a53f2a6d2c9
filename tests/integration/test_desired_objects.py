"""What a real API server makes of the rendered objects: accepted to the letter, allowed by pod security, and every
edit by hand is noticed while nothing of the server's own filling in is."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tests.cluster
from endpoint_operator.desired import drift
from tests.builders import desired_objects, manifests

pytestmark = pytest.mark.integration

HOLD = "pointsman.dev/held-by-a-test"
"""Keeps an Endpoint that is being deleted: an operator that happens to run in the cluster leaves its objects alone,
and so does the garbage collector."""

Object = dict[str, Any]


class Cluster:
    """One namespace with an Endpoint in it and all that is rendered for it."""

    def __init__(self, cluster: tests.cluster.Cluster, namespace: str) -> None:
        self._cluster = cluster
        self.namespace = namespace
        self.desired: list[Object] = []

    def kubectl(self, *arguments: str, stdin: object = None) -> str:
        text = None if stdin is None else json.dumps(stdin)
        return self._cluster.kubectl("-n", self.namespace, *arguments, stdin=text)

    def create_everything(self) -> None:
        endpoint = manifests.endpoint()
        endpoint["metadata"]["finalizers"] = [HOLD]
        self.kubectl("create", "-f", "-", stdin=endpoint)
        self.kubectl("delete", "mlep", "churn", "--wait=false")
        uid = self.kubectl("get", "mlep", "churn", "-o", "jsonpath={.metadata.uid}")
        self.desired = desired_objects.everything(namespace=self.namespace, uid=uid)
        self.kubectl(
            "create", "--field-manager=pointsman", "--validate=strict", "-f", "-", stdin=self._list()
        )

    def let_go(self) -> None:
        self.kubectl("patch", "mlep", "churn", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')

    def apply_everything(self) -> None:
        flags = ("--server-side", "--field-manager=pointsman", "--force-conflicts", "--validate=strict")
        self.kubectl("apply", *flags, "-f", "-", stdin=self._list())

    def one(self, kind: str, name: str = "churn") -> tuple[Object, Object]:
        """An object as desired and as observed."""
        desired = next(
            item
            for item in self.desired
            if item["kind"] == kind and item["metadata"]["name"].startswith(name)
        )
        return desired, self._observed(desired)

    def differences(self) -> dict[str, tuple[drift.Difference, ...]]:
        """What `drift.find` finds in each object, those without a difference left out."""
        observed = json.loads(
            self.kubectl("get", "-f", "-", "-o", "json", "--show-managed-fields", stdin=self._list())
        )["items"]
        pairs = zip(self.desired, observed, strict=True)
        found = {
            f"{item['kind']} {item['metadata']['name']}": drift.find(item, other) for item, other in pairs
        }
        return {name: differences for name, differences in found.items() if differences}

    def _observed(self, item: Object) -> Object:
        reference = f"{item['kind']}/{item['metadata']['name']}"
        observed: Object = json.loads(self.kubectl("get", reference, "-o", "json", "--show-managed-fields"))
        return observed

    def _list(self) -> Object:
        return {"apiVersion": "v1", "kind": "List", "items": self.desired}


@pytest.fixture(scope="module")
def cluster(kubernetes: tests.cluster.Cluster) -> Iterator[Cluster]:
    name = f"desired-{uuid.uuid4().hex[:8]}"
    kubernetes.kubectl("create", "namespace", name)
    kubernetes.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    inside = Cluster(kubernetes, name)
    try:
        inside.create_everything()
        yield inside
    finally:
        inside.let_go()
        kubernetes.kubectl("delete", "namespace", name, "--wait=false")


def test_what_the_server_fills_in_is_no_difference(cluster: Cluster) -> None:
    assert cluster.differences() == {}


def test_server_side_apply_leaves_no_difference(cluster: Cluster) -> None:
    cluster.apply_everything()
    assert cluster.differences() == {}


def test_scaling_is_no_difference(cluster: Cluster) -> None:
    cluster.kubectl("scale", "deployment", cluster.one("Deployment")[0]["metadata"]["name"], "--replicas=0")
    assert cluster.differences() == {}


MODEL = "spec.template.spec.containers[0]"
TEMPLATE_EDITS: dict[str, tuple[list[str], str]] = {
    "image": (["set", "image", "NAME", "model=other:1"], f"{MODEL}.image"),
    "variable added": (["set", "env", "NAME", "-c", "model", "B=1"], f"{MODEL}.env"),
    "variable changed": (["set", "env", "NAME", "-c", "model", "A=1"], f"{MODEL}.env[7].value"),
    "variable removed": (["set", "env", "NAME", "-c", "model", "A-"], f"{MODEL}.env"),
    "memory limit": (
        ["set", "resources", "NAME", "-c", "model", "--limits=memory=2Gi"],
        f"{MODEL}.resources.limits.memory",
    ),
    "limit added": (
        ["set", "resources", "NAME", "-c", "model", "--limits=ephemeral-storage=2Gi"],
        f"{MODEL}.resources.limits.ephemeral-storage",
    ),
    "account": (["set", "serviceaccount", "NAME", "default"], "spec.template.spec.serviceAccountName"),
    "restart": (
        ["rollout", "restart", "NAME"],
        "spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt",
    ),
}
TEMPLATE_PATCHES: dict[str, tuple[object, str]] = {
    "label added": ({"metadata": {"labels": {"a": "b"}}}, "spec.template.metadata.labels.a"),
    "container added": (
        {"spec": {"containers": [{"name": "spy", "image": "spy:1"}]}},
        "spec.template.spec.containers",
    ),
    "volume added": ({"spec": {"volumes": [{"name": "spy", "emptyDir": {}}]}}, "spec.template.spec.volumes"),
    "host network": ({"spec": {"hostNetwork": True}}, "spec.template.spec.hostNetwork"),
    "privilege": (
        {"spec": {"containers": [{"name": "model", "securityContext": {"readOnlyRootFilesystem": False}}]}},
        f"{MODEL}.securityContext.readOnlyRootFilesystem",
    ),
    "user added": (
        {"spec": {"containers": [{"name": "model", "securityContext": {"runAsGroup": 5}}]}},
        f"{MODEL}.securityContext.runAsGroup",
    ),
    "token": (
        {"spec": {"automountServiceAccountToken": None}},
        "spec.template.spec.automountServiceAccountToken",
    ),
    "node selector added": ({"spec": {"nodeSelector": {"a": "b"}}}, "spec.template.spec.nodeSelector.a"),
    "resolver": ({"spec": {"dnsPolicy": "Default"}}, "spec.template.spec.dnsPolicy"),
}


def replace(cluster: Cluster, desired: object) -> None:
    """Replace the object, whatever Kubernetes' own controllers write into its status meanwhile."""
    deadline = time.monotonic() + 20
    while True:
        try:
            cluster.kubectl("replace", "--field-manager=pointsman", "-f", "-", stdin=desired)
        except tests.cluster.HarnessError as exc:
            if "the object has been modified" not in str(exc) or time.monotonic() > deadline:
                raise
        else:
            return


@pytest.mark.parametrize("edit", [*TEMPLATE_EDITS, *TEMPLATE_PATCHES])
def test_an_edited_pod_template_is_noticed_and_a_full_replace_mends_it(cluster: Cluster, edit: str) -> None:
    desired, before = cluster.one("Deployment", "churn-variant1")
    name = f"deployment/{desired['metadata']['name']}"
    if edit in TEMPLATE_EDITS:
        arguments, path = TEMPLATE_EDITS[edit]
        cluster.kubectl(*(name if part == "NAME" else part for part in arguments))
    else:
        patch, path = TEMPLATE_PATCHES[edit]
        cluster.kubectl("patch", name, "--type=strategic", "-p", json.dumps({"spec": {"template": patch}}))
    differences = drift.find(desired, cluster.one("Deployment", "churn-variant1")[1])
    assert path in {item.path for item in differences}
    assert drift.needs_replace(differences)

    replace(cluster, desired)
    assert cluster.differences() == {}
    after = cluster.one("Deployment", "churn-variant1")[1]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


NO_LABEL = {"metadata": {"labels": {"pointsman.dev/endpoint": None}}}
NO_OWNER = {"metadata": {"ownerReferences": None}}
SELECTOR = {"spec": {"selector": {"a": "b"}}}
PORT = {"spec": {"ports": [{"name": "x", "port": 81, "protocol": "TCP"}]}}
UNREADY = {"spec": {"publishNotReadyAddresses": True}}
TOKEN = {"automountServiceAccountToken": None}
STRATEGY = {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}}}
TABLE = {"data": {"routes.json": "{}"}}
APPLY, REPLACE = False, True
OTHER_EDITS: dict[str, tuple[str, str, object, str, bool]] = {
    "label removed": ("Service", "churn", NO_LABEL, "metadata.labels.pointsman.dev/endpoint", APPLY),
    "owner removed": ("Service", "churn", NO_OWNER, "metadata.ownerReferences", APPLY),
    "selector narrowed": ("Service", "churn", SELECTOR, "spec.selector.a", REPLACE),
    "port added": ("Service", "churn", PORT, "spec.ports", REPLACE),
    "unready published": ("Service", "churn-variant1", UNREADY, "spec.publishNotReadyAddresses", APPLY),
    "token mounted": ("ServiceAccount", "churn", TOKEN, "automountServiceAccountToken", APPLY),
    "table edited": ("ConfigMap", "churn-routes", TABLE, "data.routes.json", APPLY),
    "strategy": (
        "Deployment",
        "churn-variant1",
        STRATEGY,
        "spec.strategy.rollingUpdate.maxUnavailable",
        APPLY,
    ),
}


@pytest.mark.parametrize("edit", OTHER_EDITS)
def test_any_other_edit_is_noticed(cluster: Cluster, edit: str) -> None:
    kind, name, patch, path, needs_replace = OTHER_EDITS[edit]
    desired, _ = cluster.one(kind, name)
    cluster.kubectl(
        "patch", f"{kind}/{desired['metadata']['name']}", "--type=strategic", "-p", json.dumps(patch)
    )
    differences = drift.find(desired, cluster.one(kind, name)[1])
    assert path in {item.path for item in differences}
    assert drift.needs_replace(differences) is needs_replace

    if needs_replace:
        replace(cluster, desired)
    else:
        cluster.apply_everything()
    assert cluster.differences() == {}


def test_defaults_that_somebody_else_applied_are_no_difference(cluster: Cluster) -> None:
    desired, observed = cluster.one("Deployment", "churn-variant2")
    copied = {
        **{key: observed[key] for key in ("apiVersion", "kind", "spec")},
        "metadata": {"name": desired["metadata"]["name"], "namespace": cluster.namespace},
    }
    cluster.kubectl(
        "apply", "--server-side", "--field-manager=gitops", "--force-conflicts", "-f", "-", stdin=copied
    )
    assert cluster.differences() == {}


def _pod(template: Object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        **template,
        "metadata": {"name": "pod", **template["metadata"]},
    }


@pytest.fixture
def admit(cluster: Cluster) -> Callable[..., str]:
    def admit(**fields: Any) -> str:
        rolled, _ = desired_objects.rolled_out(manifests.variant(**fields))
        return cluster.kubectl(
            "create", "--dry-run=server", "-f", "-", stdin=_pod(dict(rolled.variants[0].template))
        )

    return admit


def test_a_pod_with_our_images_is_admitted_where_pod_security_is_restricted(
    admit: Callable[..., str],
) -> None:
    assert "created" in admit()
    assert "created" in admit(model={"image": "pointsman/xgboost:0.1.0-xgb2.1.4"})


def test_a_foreign_image_keeps_its_user_and_only_that_needs_saying_where_pod_security_is_restricted(
    admit: Callable[..., str],
) -> None:
    with pytest.raises(tests.cluster.HarnessError) as refusal:
        admit(model={"image": "example.com/own:1"})
    assert "runAsNonRoot != true" in str(refusal.value)
    assert str(refusal.value).count("must set") == 1
    assert "created" in admit(model={"image": "example.com/own:1"}, securityContext={"runAsNonRoot": True})
