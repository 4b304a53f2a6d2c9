"""The route table's document: what is read is what was written, and what can't be meant is refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_contract import route_table
from endpoint_contract.route_table import Backend, RouteTable, RouteTableError, Variant

weights = st.floats(min_value=0, max_value=1e9)
names = st.from_regex(r"\A[a-z][a-z0-9]{0,8}\Z")
backends = st.one_of(
    st.builds(Backend, service=names, weight=weights),
    st.builds(
        lambda port, weight: Backend(addresses=(f"127.0.0.1:{port}",), weight=weight),
        st.integers(1, 65535),
        weights,
    ),
)
variants = st.builds(
    Variant, name=names, weight=weights, backends=st.lists(backends, min_size=1, max_size=2).map(tuple)
)
tables = st.builds(
    RouteTable,
    endpoint=names,
    revision=st.integers(0, 2**40),
    variants=st.lists(variants, min_size=1, max_size=10, unique_by=lambda v: v.name).map(tuple),
)


def document(**changes: Any) -> dict[str, Any]:
    variant = {"name": "A", "weight": 1, "backends": [{"service": "a", "weight": 1}]}
    return {"version": 1, "endpoint": "churn", "revision": 3, "variants": [variant], **changes}


def a_variant(**changes: Any) -> dict[str, Any]:
    return {"variants": [{**document()["variants"][0], **changes}]}


@given(tables)
def test_what_is_rendered_is_parsed_to_the_same_table(table: RouteTable) -> None:
    assert route_table.parse(route_table.render(table)) == table


@given(tables, st.integers(0, 99))
def test_the_digest_is_of_the_routing_not_of_its_number(table: RouteTable, revision: int) -> None:
    assert RouteTable(table.endpoint, revision, table.variants).digest() == table.digest()


@given(tables)
def test_shares_are_a_distribution_or_all_zero(table: RouteTable) -> None:
    total = sum(table.shares().values())
    assert total == pytest.approx(1) or total == 0


def test_a_variant_that_only_comes_has_no_share() -> None:
    coming = Variant("B", 5, (Backend(service="b", weight=0),))
    table = RouteTable("churn", 1, (Variant("A", 1, (Backend(service="a"),)), coming))
    assert not coming.is_announced
    assert table.shares() == {"A": 1.0}


def test_unknown_fields_are_ignored() -> None:
    assert route_table.from_document({**document(), "later": {}}) == route_table.from_document(document())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"version": 2}, "version", id="another version"),
        pytest.param({"endpoint": ""}, "endpoint", id="no endpoint"),
        pytest.param({"revision": -1}, "revision", id="negative revision"),
        pytest.param({"revision": True}, "revision", id="a truth value as revision"),
        pytest.param({"variants": []}, "variants", id="no variants"),
        pytest.param({"variants": [{}] * 21}, "variants", id="too many variants"),
        pytest.param({"variants": [5]}, r"variants\[0\]", id="a number as variant"),
        pytest.param(a_variant(name="a b"), r"variants\[0\].name", id="a name with a blank"),
        pytest.param(a_variant(name="a\n"), r"variants\[0\].name", id="a name with a line end"),
        pytest.param(a_variant(weight=-1), r"variants\[0\].weight", id="negative weight"),
        pytest.param(a_variant(weight="1"), r"variants\[0\].weight", id="weight as text"),
        pytest.param(a_variant(weight=float("nan")), r"variants\[0\].weight", id="weight that is no number"),
        pytest.param(a_variant(weight=float("inf")), r"variants\[0\].weight", id="endless weight"),
        pytest.param(a_variant(weight=10**400), r"variants\[0\].weight", id="weight that no float can hold"),
        pytest.param(
            {"variants": [a_variant(name=name, weight=1e308)["variants"][0] for name in "AB"]},
            "variants: the sum",
            id="endless sum",
        ),
        pytest.param(a_variant(backends=[]), r"variants\[0\].backends", id="no backends"),
        pytest.param(a_variant(backends=[{}]), r"backends\[0\]", id="a backend that is nowhere"),
        pytest.param(
            a_variant(backends=[{"addresses": ["h"]}]), r"backends\[0\]", id="an address without port"
        ),
        pytest.param(
            a_variant(backends=[{"service": "a", "addresses": ["h:1"]}]), r"backends\[0\]", id="both"
        ),
        pytest.param(
            {"variants": [*a_variant()["variants"], *a_variant(name="a")["variants"]]}, "unique", id="case"
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(RouteTableError, match=named):
        route_table.from_document(document(**changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", b"\xff"])
def test_what_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(RouteTableError):
        route_table.parse(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
    )
)
def test_any_json_is_a_table_or_a_clear_refusal(value: Any) -> None:
    with pytest.raises(RouteTableError):
        route_table.parse(json.dumps(value))
