from collections.abc import Iterator
from typing import Any

import pytest

from endpoint_operator.api import crd

ENDPOINT, CONFIG = crd.documents()


def _version(document: dict[str, Any]) -> Any:
    (version,) = document["spec"]["versions"]
    return version


def _nodes(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from _nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _nodes(schema[key], f"{path}[]")


@pytest.mark.parametrize(
    "document", [ENDPOINT, CONFIG], ids=lambda document: document["spec"]["names"]["kind"]
)
class TestBothKinds:
    def test_the_core_api_keeps_its_own_short_names(self, document: dict[str, Any]) -> None:
        names = document["spec"]["names"]
        assert names["shortNames"] in (["mlep"], ["mlepc"])
        assert names["categories"] == ["pointsman"]
        assert document["metadata"]["name"] == f"{names['plural']}.pointsman.dev"

    def test_spec_cannot_be_left_out(self, document: dict[str, Any]) -> None:
        assert _version(document)["schema"]["openAPIV3Schema"]["required"] == ["spec"]

    def test_everything_has_a_limit(self, document: dict[str, Any]) -> None:
        for path, node in _nodes(_version(document)["schema"]["openAPIV3Schema"]["properties"]["spec"]):
            limits = {"maxLength", "maxItems", "maxProperties", "maximum", "properties", "enum"}
            assert limits & set(node) or node.get("x-kubernetes-preserve-unknown-fields"), path


def test_kubectl_shows_six_columns_and_the_url_only_when_asked_for_more() -> None:
    columns = _version(ENDPOINT)["additionalPrinterColumns"]
    shown = [column["name"] for column in columns if not column.get("priority")]
    assert shown == ["Status", "Ready", "Weights", "Variants", "Config", "Age"]
    assert [column["name"] for column in columns if column.get("priority")] == ["URL"]


def test_only_an_endpoint_has_a_status() -> None:
    assert _version(ENDPOINT)["subresources"] == {"status": {}}
    assert "subresources" not in _version(CONFIG)


def test_an_endpoint_config_cannot_change() -> None:
    spec = _version(CONFIG)["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert [rule["rule"] for rule in spec["x-kubernetes-validations"]] == ["self == oldSelf"]


def test_the_schema_revision_follows_the_schema() -> None:
    version = _version(ENDPOINT)
    assert crd.schema_revisions()["endpoints.pointsman.dev"] == crd.revision([version])
    assert crd.revision([{**version, "served": False}]) != crd.revision([version])
