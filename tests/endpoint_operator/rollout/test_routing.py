"""Tables as they are put together."""

import json

from hypothesis import given
from hypothesis import strategies as some

from endpoint_contract import route_table
from endpoint_operator.rollout import routing
from endpoint_operator.rollout.routing import Place

PLACES = some.lists(
    some.builds(Place, some.sampled_from(["A", "a", "B", "C", "D"]), some.sampled_from("123456789")),
    max_size=30,
)


def table(variants: tuple[route_table.Variant, ...]) -> route_table.RouteTable:
    return route_table.RouteTable("churn", 1, variants)


def test_what_takes_requests_is_announced_and_what_is_watched_is_not() -> None:
    made = routing.variants([Place("A", "a-1")], {"A": 2.0}, [Place("A", "a-2"), Place("B", "b-1")])
    assert table(made).shares() == {"A": 1.0}
    assert routing.active(table(made)) == (Place("A", "a-1"),)
    assert routing.named(table(made)) == (Place("A", "a-1"), Place("A", "a-2"), Place("B", "b-1"))


def test_a_revision_stands_in_a_variant_once() -> None:
    made = routing.variants([Place("A", "a-1")], {"A": 2.0}, [Place("A", "a-1"), Place("a", "a-1")])
    assert len(made[0].backends) == 1


def test_what_exceeds_the_size_of_a_table_is_left_out_of_what_is_watched_last() -> None:
    taking = [Place(f"S{i}", f"s{i}") for i in range(10)]
    coming = [Place(f"C{i}", f"c{i}") for i in range(10)]
    made = routing.variants(taking, {}, [*coming, Place("Old", "old")])
    assert len(made) == route_table.MAX_VARIANTS
    assert "Old" not in {variant.name for variant in made}


def test_the_split_of_a_table_is_that_of_announced_variants() -> None:
    made = routing.variants([Place("A", "a-1")], {"A": 2.0}, [Place("B", "b-1")])
    assert routing.last_split(table(made)) == {"A": 2.0}
    assert routing.last_split(None) == {}


def test_tables_with_other_weights_have_the_same_backends_and_do_not_route_alike() -> None:
    one = routing.variants([Place("A", "a-1")], {"A": 2.0}, [])
    other = routing.variants([Place("A", "a-1")], {"A": 3.0}, [])
    moved = routing.variants([Place("A", "a-2")], {"A": 2.0}, [Place("A", "a-1")])
    assert routing.same_backends(one, other)
    assert not routing.same(one, other)
    assert not routing.same_backends(one, moved)


@given(taking=PLACES.filter(lambda places: len({place.name.lower() for place in places}) > 0), watched=PLACES)
def test_every_table_that_is_put_together_can_be_read(taking: list[Place], watched: list[Place]) -> None:
    made = table(routing.variants(taking, {"A": 1.0}, watched))
    assert route_table.from_document(json.loads(route_table.render(made))) == made
