import dataclasses
import json

import pytest

from endpoint_operator.api import parse
from endpoint_operator.desired import defaults, owner, roll_out
from tests.builders import desired_objects, manifests

OLD = desired_objects.DEFAULTS
NEW = defaults.Defaults("router:2", "loader:2", "pointsman/xgboost:2")
OWNER = owner.Owner(name="churn", namespace="default", uid="1")


def _new(
    *variants: object,
    previous: tuple[roll_out.StoredRollOut, ...] = (),
    settings: defaults.Defaults = OLD,
    config: str = "churn-1",
    restart: str = "",
) -> roll_out.StoredRollOut:
    endpoint = parse.endpoint(manifests.endpoint(annotations={"pointsman.dev/restart": restart}))
    described = parse.endpoint_config(manifests.endpoint_config(*variants, name=config))
    return roll_out.new(endpoint, described, previous, settings)


def test_the_first_one_is_number_one_and_is_named_after_its_content() -> None:
    first = _new(
        manifests.variant("A"), manifests.variant("B", initialVariantWeight=3, initialInstanceCount=0)
    )
    assert first.number == 1
    assert first.name == f"churn-{first.content_hash}"
    assert [(v.variant_name, v.initial_variant_weight, v.initial_instance_count) for v in first.variants] == [
        ("A", 1.0, 1),
        ("B", 3.0, 0),
    ]
    assert first.uid is None


def test_a_variant_is_found_by_name() -> None:
    first = _new(manifests.variant("A"))
    assert first.variant("A") == first.variants[0]
    assert first.variant("a") is None


def test_the_same_content_is_the_stored_roll_out_whatever_the_installation_says_now() -> None:
    first = dataclasses.replace(_new(manifests.variant()), uid="7")
    assert _new(manifests.variant(), previous=(first,), settings=NEW) is first


def test_going_back_finds_the_old_roll_out() -> None:
    first = _new(manifests.variant())
    second = _new(manifests.variant(), config="churn-2", previous=(first,))
    assert second.number == 2
    assert _new(manifests.variant(), previous=(first, second)) is first


def test_an_unchanged_variant_keeps_its_stored_template_and_images_when_another_one_changes() -> None:
    first = _new(manifests.variant("A"), manifests.variant("B"))
    changed = manifests.variant("B", data_url="s3://other")
    second = _new(manifests.variant("A"), changed, previous=(first,), settings=NEW)
    assert second.variants[0] == first.variants[0]
    assert second.variants[1].revision != first.variants[1].revision
    assert second.variants[1].images == roll_out.Images("pointsman/xgboost:2", "loader:2", "router:2")


def test_new_weights_and_counts_of_a_config_keep_the_pods() -> None:
    first = _new(manifests.variant("A"))
    second = _new(
        manifests.variant("A", initialVariantWeight=5, initialInstanceCount=3),
        config="churn-2",
        previous=(first,),
    )
    assert second.name != first.name
    assert second.variants[0].template is first.variants[0].template
    assert (second.variants[0].initial_variant_weight, second.variants[0].initial_instance_count) == (5, 3)


def test_a_restart_makes_every_revision_new() -> None:
    first = _new(manifests.variant("A"), manifests.variant("B"))
    second = _new(manifests.variant("A"), manifests.variant("B"), restart="now", previous=(first,))
    assert not {v.revision for v in first.variants} & {v.revision for v in second.variants}
    assert second.restart == "now"


@pytest.mark.parametrize("serving", [True, False])
def test_a_controller_revision_gives_back_what_it_was_given(serving: bool) -> None:
    rolled = _new(desired_objects.full_variant(), manifests.variant("B"), restart="now")
    stored = json.loads(json.dumps(roll_out.to_controller_revision(rolled, OWNER, serving=serving)))
    stored["metadata"]["uid"] = "7"
    assert roll_out.from_controller_revision(stored) == dataclasses.replace(rolled, uid="7")
    assert roll_out.is_marked_serving(stored) is serving
    assert stored["revision"] == rolled.number


def test_fields_of_a_later_version_are_ignored() -> None:
    rolled = _new(manifests.variant())
    stored = roll_out.to_controller_revision(rolled, OWNER, serving=False)
    stored["data"]["later"] = 1
    stored["data"]["variants"][0]["later"] = 1
    assert roll_out.from_controller_revision(stored) == rolled


@pytest.mark.parametrize(
    "data",
    [None, {}, [], {"configName": "a"}, {"configName": "a", "contentHash": "b", "variants": [1]}],
    ids=repr,
)
def test_what_stores_no_roll_out_is_refused_by_its_name(data: object) -> None:
    observed = {"metadata": {"name": "churn-x"}, "revision": 1, "data": data}
    with pytest.raises(roll_out.StoredRollOutError, match="ControllerRevision churn-x"):
        roll_out.from_controller_revision(observed)
