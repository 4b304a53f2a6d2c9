import copy
import datetime
from typing import Any

from endpoint_contract import labels as words
from endpoint_contract import model_identity, route_table
from endpoint_operator.api import parse
from endpoint_operator.cluster import kinds, observe
from endpoint_operator.desired import defaults, deployment, owner, roll_out, service
from endpoint_operator.desired import model_identity as identities
from endpoint_operator.desired import route_table as tables
from endpoint_operator.reconcile import acknowledgements, snapshot
from endpoint_operator.rollout import observed, reasons
from tests.builders import manifests

IMAGES = defaults.Defaults(router_image="router", loader_image="loader", model_image="model")
IDENTITY = model_identity.ModelIdentity("s3://m/1", "etag", "0" * 64, 10)


def an_endpoint() -> Any:
    raw = manifests.endpoint("churn", config="churn-1")
    raw["metadata"] |= {"namespace": "shop", "uid": "u", "generation": 1}
    return raw


def a_config() -> Any:
    raw = manifests.endpoint_config(manifests.variant("A"), name="churn-1")
    raw["metadata"] |= {"namespace": "shop", "uid": "c"}
    return raw


ENDPOINT = parse.endpoint(an_endpoint())
OWNER = owner.of(ENDPOINT)
ROLL_OUT = roll_out.new(ENDPOINT, parse.endpoint_config(a_config()), (), IMAGES)
REVISION = ROLL_OUT.variants[0].revision


def raw(**children: list[Any]) -> observe.Raw:
    by_plural = {kind.plural: kind for kind in kinds.CHILDREN}
    named = {
        by_plural[plural]: {item["metadata"]["name"]: item for item in items}
        for plural, items in children.items()
    }
    return observe.Raw(endpoint=an_endpoint(), config=a_config(), children=named)


def build(seen: observe.Raw) -> observed.Observed:
    return snapshot.build(
        seen,
        endpoint=ENDPOINT,
        config_failure=None,
        roll_outs=snapshot.stored_roll_outs(seen),
        heard=acknowledgements.Heard(),
        now=1000.0,
        drain_seconds=5.0,
    )


def a_stored(*, serving: bool = False) -> Any:
    return roll_out.to_controller_revision(ROLL_OUT, OWNER, serving=serving)


def test_a_missing_config_and_a_broken_one_are_said_as_such() -> None:
    missing = snapshot.config(None, "churn-1").failure
    assert missing is not None
    assert missing.reason == reasons.CONFIG_NOT_FOUND
    broken = copy.deepcopy(a_config())
    broken["spec"]["productionVariants"][0]["initialVariantWeight"] = -1
    invalid = snapshot.config(broken, "churn-1").failure
    assert invalid is not None
    assert invalid.reason == reasons.CONFIG_INVALID
    assert "initialVariantWeight" in invalid.message
    assert snapshot.config(a_config(), "churn-1").failure is None


def test_a_damaged_stored_roll_out_is_left_out() -> None:
    damaged = {**a_stored(), "metadata": {**a_stored()["metadata"], "name": "churn-damaged"}, "data": {}}
    found = snapshot.stored_roll_outs(raw(controllerrevisions=[a_stored(), damaged]))
    assert [item.name for item in found] == [ROLL_OUT.name]


def test_which_roll_out_serves_stands_with_the_table_and_else_on_its_label() -> None:
    table = route_table.RouteTable(
        "churn", 4, (route_table.Variant("A", 1.0, (route_table.Backend(service=REVISION),)),)
    )
    written = tables.config_map(
        OWNER,
        table,
        serving="churn-of-the-table",
        backends_since=datetime.datetime.fromtimestamp(900.25, datetime.UTC),
    )
    with_table = build(raw(controllerrevisions=[a_stored(serving=True)], configmaps=[written]))
    assert (with_table.serving_name, with_table.table, with_table.backends_since) == (
        "churn-of-the-table",
        table,
        900.25,
    )
    without = build(raw(controllerrevisions=[a_stored(serving=True)]))
    assert (without.serving_name, without.table) == (ROLL_OUT.name, None)
    assert build(raw(controllerrevisions=[a_stored()])).serving_name is None


def test_the_endpoints_own_service_is_no_revision() -> None:
    own = service.endpoint_service(OWNER)
    headless = service.revision_service(OWNER, revision=REVISION, variant="A")
    assert build(raw(services=[own, headless])).services == {REVISION}


def a_pod(name: str, created: str, sha: str, **metadata: Any) -> Any:
    """A pod of the revision, whose loader has found an artefact."""
    identity = model_identity.ModelIdentity("s3://m/1", "", sha * 64, 1)
    ended = {"terminated": {"exitCode": 0, "message": model_identity.render(identity)}}
    return {
        "metadata": {
            "name": name,
            "labels": {words.REVISION: REVISION, words.VARIANT: "A"},
            "creationTimestamp": created,
            **metadata,
        },
        "status": {
            "startTime": created,
            "initContainerStatuses": [{"name": "model-loader", "state": ended}],
        },
    }


def a_deployment(created: str) -> Any:
    body = deployment.deployment(OWNER, ROLL_OUT.variants[0], replicas=1)
    return {**body, "metadata": {**body["metadata"], "creationTimestamp": created}}


def kept(seen: observe.Raw) -> dict[str, tuple[str, str]]:
    """Variant and the first digit of the sum that is kept, by revision."""
    found = snapshot.identities_to_keep(build(seen), {REVISION})
    return {revision: (variant, identity.sha256[0]) for revision, (variant, identity) in found.items()}


def test_the_first_identity_of_a_revision_is_kept_and_a_stored_one_never_replaced() -> None:
    made = [a_deployment("2026-11-22T01:59:59Z")]
    pods = [a_pod("later", "2026-11-22T02:00:05Z", "b"), a_pod("first", "2026-11-22T02:00:00Z", "a")]
    assert kept(raw(pods=pods, deployments=made)) == {REVISION: ("A", "a")}
    stored = identities.config_map(OWNER, revision=REVISION, variant="A", identity=IDENTITY)
    assert kept(raw(pods=pods, deployments=made, configmaps=[stored])) == {}
    seen = build(raw(pods=pods, deployments=made))
    assert snapshot.identities_to_keep(seen, set()) == {}, "its pods are on their way out"


def test_an_endpoint_made_anew_is_not_held_to_what_pods_of_the_one_before_it_loaded() -> None:
    going = a_pod("old", "2026-11-22T01:00:00Z", "a", deletionTimestamp="2026-11-22T02:00:00Z")
    forgotten = a_pod("old", "2026-11-22T01:00:00Z", "a")
    new = a_pod("new", "2026-11-22T02:00:01Z", "b")
    made = [a_deployment("2026-11-22T02:00:00Z")]
    for old in (going, forgotten):
        assert kept(raw(pods=[old])) == {}
        assert kept(raw(pods=[old], deployments=made)) == {}
        assert kept(raw(pods=[old, new], deployments=made)) == {REVISION: ("A", "b")}
