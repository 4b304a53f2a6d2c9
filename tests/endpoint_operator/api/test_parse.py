from typing import Any

import pytest

from endpoint_operator.api import errors, parse
from tests.builders import manifests


def test_reads_an_endpoint() -> None:
    raw = manifests.endpoint(weights={"A": 0.25, "B": 3}, instanceCounts={"A": 2}, annotations={"a": "b"})
    raw["metadata"].update(namespace="team", uid="1", generation=7)
    endpoint = parse.endpoint(raw)
    assert (endpoint.name, endpoint.namespace, endpoint.uid, endpoint.generation) == ("churn", "team", "1", 7)
    assert endpoint.spec.endpoint_config_name == "churn-1"
    assert endpoint.spec.weights == {"A": 0.25, "B": 3.0}
    assert endpoint.spec.instance_counts == {"A": 2}
    assert (endpoint.annotations, endpoint.restart, endpoint.is_being_deleted) == ({"a": "b"}, "", False)


def test_reads_the_restart_annotation_and_the_mark_of_deletion() -> None:
    raw = manifests.endpoint(annotations={"pointsman.dev/restart": "now"})
    raw["metadata"]["deletionTimestamp"] = "2026-11-22T00:00:00Z"
    endpoint = parse.endpoint(raw)
    assert (endpoint.restart, endpoint.is_being_deleted) == ("now", True)


def test_reads_a_config_and_fills_in_what_is_left_out() -> None:
    config = parse.endpoint_config(manifests.endpoint_config(manifests.variant("A"), manifests.variant("B")))
    one = config.spec.production_variants[0]
    assert [item.variant_name for item in config.spec.production_variants] == ["A", "B"]
    assert (one.initial_variant_weight, one.initial_instance_count, one.model.image) == (1.0, 1, "")
    assert (one.resources, one.affinity, one.security_context, one.tolerations) == (None, None, None, ())


def test_ignores_fields_of_a_later_version() -> None:
    raw = manifests.endpoint_config(manifests.variant(later=1))
    raw["spec"]["later"] = {}
    assert parse.endpoint_config(raw).spec.production_variants[0].variant_name == "Variant1"


FIRST = "spec.productionVariants[0]"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (manifests.endpoint_config(manifests.variant(initialVariantWeight="1")), f"{FIRST}.initialVariantWeight"),
        (manifests.endpoint_config(manifests.variant(initialVariantWeight=-1)), f"{FIRST}.initialVariantWeight"),
        (
            manifests.endpoint_config(manifests.variant(initialVariantWeight=float("nan"))),
            f"{FIRST}.initialVariantWeight",
        ),
        (manifests.endpoint_config(manifests.variant(initialInstanceCount=True)), f"{FIRST}.initialInstanceCount"),
        (manifests.endpoint_config(manifests.variant("a_b")), f"{FIRST}.variantName"),
        (manifests.endpoint_config(manifests.variant(data_url="ftp://a")), f"{FIRST}.model.dataUrl"),
        (manifests.endpoint_config(manifests.variant(data_url="file:///a")), f"{FIRST}.model.dataUrl"),
        (manifests.endpoint_config(manifests.variant(data_url="pvc://A/a")), f"{FIRST}.model.dataUrl"),
        (manifests.endpoint_config(manifests.variant(data_url="pvc://a/")), f"{FIRST}.model.dataUrl"),
        (manifests.endpoint_config(manifests.variant("A"), manifests.variant("a")), "spec.productionVariants"),
        (manifests.endpoint_config(*(manifests.variant(f"V{i}") for i in range(11))), "spec.productionVariants"),
        ({"metadata": {"name": "a"}}, "spec"),
        ({"metadata": {}}, "metadata.name"),
        ({}, "metadata.name"),
    ],
)  # fmt: skip
def test_refuses_what_an_older_schema_let_through_by_the_fields_name(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidResource) as refusal:
        parse.endpoint_config(raw)
    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field}: ")


def test_refuses_a_bad_weight_of_an_endpoint_by_the_variants_name() -> None:
    with pytest.raises(errors.InvalidResource, match=r"^spec\.weights\.A: "):
        parse.endpoint(manifests.endpoint(weights={"A": -1}))


@pytest.mark.parametrize("name", ["2026.churn", "2026", "Churn", "churn-", "c" * 64, "churn\n"])
def test_refuses_an_endpoint_whose_name_no_service_can_have(name: str) -> None:
    with pytest.raises(errors.InvalidResource, match=r"^metadata\.name: "):
        parse.endpoint(manifests.endpoint(name))
