"""Against pairs of desired and observed objects that were recorded from Kubernetes 1.34; the integration tests
prove the same against the API server that is there."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from endpoint_operator.desired import drift

RECORDED = json.loads((Path(__file__).parent / "recorded" / "kubernetes-1.34.json").read_text())


def _paths(pair: dict[str, Any]) -> set[str]:
    return {item.path for item in drift.find(pair["desired"], pair["observed"])}


@pytest.mark.parametrize("pair", RECORDED["untouched"], ids=lambda pair: pair["desired"]["kind"])
def test_what_the_server_fills_in_is_no_difference(pair: dict[str, Any]) -> None:
    assert drift.find(pair["desired"], pair["observed"]) == ()


def test_a_template_that_was_put_back_is_as_if_nobody_had_touched_it() -> None:
    assert _paths(RECORDED["template put back"]) == set()


def test_defaults_that_somebody_else_applied_too_are_no_difference() -> None:
    assert _paths(RECORDED["defaults applied by another"]) == set()


def test_fields_that_somebody_added_to_a_template_are_named_and_need_a_replace() -> None:
    pair = RECORDED["template with fields added"]
    assert _paths(pair) == {
        "spec.template.metadata.annotations.a",
        "spec.template.spec.containers[0].securityContext.runAsGroup",
        "spec.template.spec.hostNetwork",
        "spec.template.spec.nodeSelector.c",
    }
    assert drift.needs_replace(drift.find(pair["desired"], pair["observed"]))


def test_a_key_that_somebody_added_to_a_selector_is_named() -> None:
    assert _paths(RECORDED["selector with a key added"]) == {"spec.selector.a"}


@pytest.mark.parametrize(
    ("desired", "observed"),
    [
        pytest.param({"a": {"limits": {"cpu": "0.5"}}}, {"a": {"limits": {"cpu": "500m"}}}, id="quantity"),
        pytest.param({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}, id="empty string"),
        pytest.param({"publishNotReadyAddresses": False}, {}, id="false that is not stored"),
        pytest.param({"spec": {"replicas": 1}}, {"spec": {"replicas": 7}}, id="replicas"),
        pytest.param({"labels": {"a": "b"}}, {"labels": {"a": "b", "c": "d"}}, id="foreign label"),
        pytest.param(
            {"metadata": {"ownerReferences": [{"uid": "1"}]}},
            {"metadata": {"ownerReferences": [{"uid": "0"}, {"uid": "1"}]}},
            id="another owner beside us",
        ),
    ],
)  # fmt: skip
def test_what_means_the_same_or_is_not_ours_is_no_difference(
    desired: dict[str, Any], observed: dict[str, Any]
) -> None:
    assert drift.find(desired, observed) == ()


@pytest.mark.parametrize(
    ("desired", "observed", "path", "is_addition"),
    [
        pytest.param({"a": 1}, {"a": 2}, "a", False, id="value"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, "a.b", False, id="missing"),
        pytest.param({"a": {"b": 1}}, {"a": "b"}, "a", False, id="other type"),
        pytest.param({"automount": False}, {}, "automount", False, id="false that was removed"),
        pytest.param({"a": [1, 2]}, {"a": [1]}, "a", False, id="element removed"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, "a", True, id="element added"),
        pytest.param({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b", False, id="element changed"),
        pytest.param({"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}, "limits.cpu", False, id="quantity"),
        pytest.param({"value": "1"}, {"value": "1000m"}, "value", False, id="no quantity"),
        pytest.param(
            {"metadata": {"ownerReferences": [{"uid": "1"}]}},
            {"metadata": {"ownerReferences": [{"uid": "0"}]}},
            "metadata.ownerReferences",
            False,
            id="owner",
        ),
    ],
)
def test_a_difference_is_named_by_its_path(
    desired: dict[str, Any], observed: dict[str, Any], path: str, is_addition: bool
) -> None:
    assert drift.find(desired, observed) == (drift.Difference(path, is_addition=is_addition),)


def test_server_side_apply_mends_what_was_changed_outside_the_template() -> None:
    assert not drift.needs_replace([drift.Difference("spec.selector"), drift.Difference("metadata.labels.a")])
    assert not drift.needs_replace([])


def test_nothing_is_changed_by_looking() -> None:
    pair = copy.deepcopy(RECORDED["template with fields added"])
    drift.find(pair["desired"], pair["observed"])
    assert pair == RECORDED["template with fields added"]
