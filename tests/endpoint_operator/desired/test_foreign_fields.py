from typing import Any

import pytest

from endpoint_operator.desired import foreign_fields


def _deployment(
    template: dict[str, Any], *, manager: str = "kubectl", owned: object = None
) -> dict[str, Any]:
    fields = {"f:spec": {"f:template": owned}} if owned is not None else {"f:spec": {"f:replicas": {}}}
    entry = {"manager": manager, "fieldsV1": fields}
    return {"kind": "Deployment", "metadata": {"managedFields": [entry]}, "spec": {"template": template}}


OWNED: dict[str, Any] = {"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}}
DESIRED = _deployment({"metadata": {"annotations": {"ours": "1"}}})
OBSERVED = {"metadata": {"annotations": {"ours": "1", "a": "b"}}}


def test_a_field_with_a_foreign_writer_is_found() -> None:
    found = foreign_fields.find(DESIRED, _deployment(OBSERVED, owned=OWNED))
    assert list(found) == [("spec", "template", "metadata", "annotations", "a")]


def test_the_same_field_written_in_our_name_is_not_foreign() -> None:
    assert list(foreign_fields.find(DESIRED, _deployment(OBSERVED, manager="pointsman", owned=OWNED))) == []


def test_foreign_fields_outside_the_template_are_nobodys_business() -> None:
    assert list(foreign_fields.find(DESIRED, _deployment(OBSERVED))) == []


def test_a_kind_without_parts_of_ours_alone_has_none() -> None:
    assert (
        list(foreign_fields.find({**DESIRED, "kind": "ConfigMap"}, _deployment(OBSERVED, owned=OWNED))) == []
    )


def test_an_object_without_a_record_of_its_writers_has_none() -> None:
    assert list(foreign_fields.find(DESIRED, {"kind": "Deployment", "metadata": {}, "spec": {}})) == []


@pytest.mark.parametrize("value", ["ClusterFirst", "Default"])
def test_only_a_value_that_would_come_back_by_itself_is_left_alone(value: str) -> None:
    observed = _deployment({"spec": {"dnsPolicy": value}}, owned={"f:spec": {"f:dnsPolicy": {}}})
    found = list(foreign_fields.find(_deployment({"spec": {}}), observed))
    assert found == ([] if value == "ClusterFirst" else [("spec", "template", "spec", "dnsPolicy")])


def test_an_added_container_is_found_by_its_place() -> None:
    observed = _deployment(
        {"spec": {"containers": [{"name": "spy"}, {"name": "model"}]}},
        owned={"f:spec": {"f:containers": {'k:{"name":"spy"}': {".": {}}, 'k:{"name":"gone"}': {}}}},
    )
    desired = _deployment({"spec": {"containers": [{"name": "model"}]}})
    assert list(foreign_fields.find(desired, observed)) == [("spec", "template", "spec", "containers", 0)]


def test_an_added_value_of_a_set_is_found() -> None:
    observed = _deployment({"finalizers": ["a"]}, owned={"f:finalizers": {'v:"a"': {}}})
    desired = _deployment({"finalizers": []})
    assert list(foreign_fields.find(desired, observed)) == [("spec", "template", "finalizers")]
