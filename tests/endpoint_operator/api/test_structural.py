from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from endpoint_operator.api import fields, structural

Short = Annotated[str, Field(max_length=5)]


class Inner(fields.Model):
    """Inside."""

    name: Short
    """Its name."""


class Good(fields.Model):
    """All that is needed."""

    text: Short | None = None
    """Some text,
    on two lines."""

    number: float = 1.0
    """A number."""

    half: float = 0.5
    """Half of it."""

    words: Literal["a", "b"] = "a"
    """One of two words."""

    inner: Inner | None = None
    """The field's own words."""

    several: tuple[Inner, ...] = Field(default=(), max_length=3)
    """Several of them."""

    by_name: Mapping[str, Short] = Field(default_factory=dict, max_length=2)
    """Texts by name."""

    quantity: fields.Quantity = 1
    """So much."""

    opaque: fields.Opaque | None = None
    """Anything."""


SCHEMA = structural.schema(Good, "spec")["properties"]


def test_an_optional_field_is_no_alternative_with_null() -> None:
    assert SCHEMA["text"] == {"type": "string", "maxLength": 5, "description": "Some text, on two lines."}


def test_whole_defaults_are_whole_numbers_and_empty_ones_are_left_out() -> None:
    assert (SCHEMA["number"]["default"], SCHEMA["half"]["default"]) == (1, 0.5)
    assert isinstance(SCHEMA["number"]["default"], int)
    assert not any("default" in SCHEMA[name] for name in ("text", "inner", "several", "byName", "opaque"))


def test_a_nested_model_stands_in_place_with_the_fields_own_description() -> None:
    assert SCHEMA["inner"]["description"] == "The field's own words."
    assert SCHEMA["inner"]["properties"]["name"]["maxLength"] == 5
    assert SCHEMA["inner"]["required"] == ["name"]
    assert SCHEMA["several"]["items"]["properties"]["name"]["maxLength"] == 5


def test_maps_words_quantities_and_opaque_objects_are_said_in_a_crds_terms() -> None:
    assert SCHEMA["byName"]["additionalProperties"] == {"type": "string", "maxLength": 5}
    assert SCHEMA["words"]["enum"] == ["a", "b"]
    assert SCHEMA["quantity"]["x-kubernetes-int-or-string"] is True
    assert "type" not in SCHEMA["quantity"]
    assert SCHEMA["opaque"]["x-kubernetes-preserve-unknown-fields"] is True
    assert "additionalProperties" not in SCHEMA["opaque"]


def _model(annotation: Any, description: str | None = "Described.", **field: Any) -> type[fields.Model]:
    namespace = {
        "__annotations__": {"a": annotation},
        "a": Field(description=description, **field),
        "__module__": __name__,
    }
    return type("Bad", (fields.Model,), namespace)


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (_model(str), "spec.a: needs maxLength"),
        (_model(tuple[int, ...]), "spec.a: needs maxItems"),
        (_model(Mapping[str, int]), "spec.a: needs maxProperties"),
        (_model(Short, description=None), "spec.a: needs a description"),
        (_model(Short, description="No full stop"), "spec.a: needs a description"),
        (_model(int | Short), "spec.a: only one type"),
        (_model(float, gt=0), "spec.a: exclusiveMinimum cannot"),
        (_model(Any), "spec.a: needs a type"),
        (
            _model(tuple[Inner, ...], max_length=3, json_schema_extra=fields.map_by("other")),
            "spec.a: other tells the entries apart",
        ),
        (
            _model(Inner, json_schema_extra={"additionalProperties": {"type": "integer"}}),
            "spec.a: properties and additionalProperties",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_what_a_crd_cannot_say_or_bound(model: type[fields.Model], complaint: str) -> None:
    with pytest.raises(structural.SchemaError, match=complaint):
        structural.schema(model, "spec")
