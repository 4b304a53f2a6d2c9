import copy
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_operator.api import endpoint_config, parse
from endpoint_operator.desired import revision_hash
from tests.builders import desired_objects, manifests


def _config(*variants: Any, name: str = "churn-1") -> endpoint_config.EndpointConfig:
    return parse.endpoint_config(manifests.endpoint_config(*variants, name=name))


def _hash(variant: Any, *, endpoint: str = "churn", restart: str = "") -> str:
    return revision_hash.variant_hash(endpoint, _config(variant).spec.production_variants[0], restart=restart)


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, _shuffled(item, chance)) for key, item in value.items()]
        return dict(chance.sample(items, len(items)))
    if isinstance(value, list):
        return chance.sample([_shuffled(item, chance) for item in value], len(value))
    return value


def _rich() -> Any:
    variant = desired_objects.full_variant()
    variant["tolerations"] += [{"key": "a"}, {"key": "b"}]
    variant["imagePullSecrets"] += [{"name": "a"}, {"name": "b"}]
    variant["securityContext"]["capabilities"] = {"drop": ["X", "Y"], "add": ["Z", "A"]}
    return variant


def test_is_ten_hexadecimal_digits() -> None:
    assert re.fullmatch("[0-9a-f]{10}", _hash(manifests.variant()))


def test_stays_what_it_was_in_every_later_version() -> None:
    """Another value here means that an upgrade of the operator restarts every pod there is."""
    assert _hash(manifests.variant()) == "a1f30c2c3d"
    assert _hash(desired_objects.full_variant()) == "36cbc48773"


@given(st.randoms(use_true_random=False))
def test_is_independent_of_the_order_of_maps_and_lists(chance: random.Random) -> None:
    assert _hash(_shuffled(_rich(), chance)) == _hash(_rich())


@given(st.floats(0, 1e9), st.integers(0, 10_000))
def test_is_independent_of_weight_and_count(weight: float, count: int) -> None:
    variant = manifests.variant(initialVariantWeight=weight, initialInstanceCount=count)
    assert _hash(variant) == _hash(manifests.variant())


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"resources": {}}, id="no resources"),
        pytest.param({"resources": {"limits": {}}}, id="no limits"),
        pytest.param({"nodeSelector": {}, "tolerations": [], "imagePullSecrets": []}, id="empty collections"),
        pytest.param({"model": {"image": "", "env": {}}}, id="written-out defaults"),
        pytest.param({"fieldOfALaterVersion": 1}, id="unknown field"),
    ],
)
def test_a_written_out_default_changes_nothing(same: dict[str, Any]) -> None:
    assert _hash(manifests.variant(**same)) == _hash(manifests.variant())


def test_the_spelling_of_a_quantity_changes_nothing() -> None:
    spellings: list[object] = [1, "1", "1000m", "1.0"]
    assert len({_hash(manifests.variant(resources={"limits": {"cpu": one}})) for one in spellings}) == 1


CHANGES: dict[str, dict[str, Any]] = {
    "name": {"variantName": "variant1"},
    "data": {"model": {"dataUrl": "s3://other"}},
    "image": {"model": {"dataUrl": "s3://models/churn/1/model.tar.gz", "image": "a:1"}},
    "empty variable": {"model": {"dataUrl": "s3://models/churn/1/model.tar.gz", "env": {"A": ""}}},
    "secret": {"model": {"dataUrl": "s3://models/churn/1/model.tar.gz", "credentialsSecret": "s"}},
    "limit": {"resources": {"limits": {"cpu": "1"}}},
    "request": {"resources": {"requests": {"cpu": "1"}}},
    "node": {"nodeSelector": {"a": "b"}},
    "toleration": {"tolerations": [{"key": "a"}]},
    "toleration of all": {"tolerations": [{}]},
    "affinity": {"affinity": {"podAffinity": {}}},
    "account": {"serviceAccountName": "own"},
    "pull secret": {"imagePullSecrets": [{"name": "a"}]},
    "security": {"securityContext": {"runAsUser": 1}},
}


def test_every_field_of_the_pod_changes_it_and_no_two_changes_agree() -> None:
    plain = manifests.variant()
    hashes = [_hash({**copy.deepcopy(plain), **change}) for change in CHANGES.values()]
    assert len({_hash(plain), *hashes}) == len(CHANGES) + 1


def test_the_endpoint_and_the_restart_annotation_change_it() -> None:
    plain = manifests.variant()
    assert len({_hash(plain), _hash(plain, endpoint="other"), _hash(plain, restart="1")}) == 3


def _content(*variants: Any, name: str = "churn-1", restart: str = "") -> str:
    config = _config(*variants, name=name)
    revisions = {
        item.variant_name: revision_hash.variant_hash("churn", item, restart=restart)
        for item in config.spec.production_variants
    }
    return revision_hash.content_hash(config, revisions, restart=restart)


def test_the_content_of_a_config_is_independent_of_the_order_of_its_variants() -> None:
    one, other = manifests.variant("A"), manifests.variant("B")
    assert _content(one, other) == _content(other, one)


def test_weights_counts_names_and_restarts_are_content() -> None:
    contents = [
        _content(manifests.variant()),
        _content(manifests.variant(initialVariantWeight=0.5)),
        _content(manifests.variant(initialInstanceCount=2)),
        _content(manifests.variant(), name="churn-2"),
        _content(manifests.variant(), restart="1"),
        _content(manifests.variant(), manifests.variant("B")),
    ]
    assert len(set(contents)) == len(contents)
