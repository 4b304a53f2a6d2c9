from hypothesis import given
from hypothesis import strategies as st

from endpoint_contract import route_table
from endpoint_router import pod_health, routing

READY = routing.Addresses(ready=("10.0.0.1:8080",))
LEAVING = routing.Addresses(terminating=("10.0.0.9:8080",))


def a_snapshot(
    *variants: tuple[str, float, tuple[tuple[str, float], ...]], **known: routing.Addresses
) -> routing.Snapshot:
    """Variants as (name, weight, ((service, backend weight), …)), and the addresses of services."""
    table = route_table.RouteTable(
        endpoint="churn",
        revision=1,
        variants=tuple(
            route_table.Variant(
                name, weight, tuple(route_table.Backend(service, weight=w) for service, w in backends)
            )
            for name, weight, backends in variants
        ),
    )
    return routing.Snapshot(table, known)


def addresses(shares: tuple[routing.Share, ...]) -> list[str]:
    return [address for share in shares for address in share.addresses]


def test_shares_are_weights_over_their_sum() -> None:
    compiled = routing.compile_routing(
        a_snapshot(("A", 1, (("a", 1),)), ("B", 3, (("b", 1),)), a=READY, b=READY)
    )
    assert [(share.variant, share.upper) for share in compiled.untargeted] == [("A", 0.25), ("B", 1.0)]
    assert not compiled.is_fallback


def test_weight_0_is_not_drawn_but_can_be_named() -> None:
    compiled = routing.compile_routing(
        a_snapshot(("A", 0, (("a", 1),)), ("B", 3, (("b", 1),)), a=READY, b=READY)
    )
    assert [share.variant for share in compiled.untargeted] == ["B"]
    assert addresses(compiled.targeted["A"]) == ["10.0.0.1:8080"]
    assert not compiled.is_fallback, "it would not have got anything anyway"


def test_all_weights_0_leave_nothing_to_draw() -> None:
    compiled = routing.compile_routing(a_snapshot(("A", 0, (("a", 1),)), a=READY))
    assert compiled.untargeted == ()
    assert compiled.targeted["A"]


def test_a_variant_without_a_pod_leaves_its_share_to_the_others() -> None:
    compiled = routing.compile_routing(
        a_snapshot(("A", 1, (("a", 1),)), ("B", 1, (("b", 1),)), ("C", 2, (("c", 1),)), b=READY, c=READY)
    )
    assert [(share.variant, share.upper) for share in compiled.untargeted] == [("B", 1 / 3), ("C", 1.0)]
    assert compiled.is_fallback
    assert compiled.targeted["A"] == ()


def test_a_coming_variant_is_not_announced() -> None:
    snapshot = a_snapshot(("A", 1, (("a", 1),)), ("New", 1, (("new", 0),)), a=READY, new=READY)
    compiled = routing.compile_routing(snapshot)
    assert list(compiled.targeted) == ["A"]
    assert [share.variant for share in compiled.untargeted] == ["A"]
    assert not compiled.is_fallback
    assert snapshot.ready_addresses() == {"a": 1, "new": 1}, "but reported"


def test_a_watched_backend_serves_only_when_no_other_does() -> None:
    both = ("A", 1.0, (("old", 0.0), ("new", 1.0)))
    old, new = routing.Addresses(ready=("old:1",)), routing.Addresses(ready=("new:1",))
    old_leaves, new_leaves = (routing.Addresses(terminating=(f"{name}:2",)) for name in ("old", "new"))
    for known, expected in (
        ({"old": old, "new": new}, ["new:1"]),
        ({"old": old}, ["old:1"]),
        ({"old": old, "new": new_leaves}, ["old:1"]),
        ({"old": old_leaves, "new": new}, ["new:1"]),
        ({"old": old_leaves, "new": new_leaves}, ["new:2"]),
    ):
        assert addresses(routing.compile_routing(a_snapshot(both, **known)).targeted["A"]) == expected


def test_of_two_backends_the_one_without_a_pod_is_skipped() -> None:
    both = ("A", 1.0, (("one", 1.0), ("two", 1.0)))
    compiled = routing.compile_routing(a_snapshot(both, two=READY))
    assert addresses(compiled.untargeted) == ["10.0.0.1:8080"]
    assert not compiled.is_fallback


def test_two_backends_share_by_their_weights() -> None:
    both = ("A", 1.0, (("one", 1.0), ("two", 3.0)))
    compiled = routing.compile_routing(a_snapshot(both, one=READY, two=READY))
    assert [share.upper for share in compiled.targeted["A"]] == [0.25, 1.0]


def test_terminating_pods_serve_when_all_are_terminating() -> None:
    compiled = routing.compile_routing(a_snapshot(("A", 1, (("a", 1),)), a=LEAVING))
    assert addresses(compiled.untargeted) == ["10.0.0.9:8080"]
    both = routing.Addresses(READY.ready, LEAVING.terminating)
    compiled = routing.compile_routing(a_snapshot(("A", 1, (("a", 1),)), a=both))
    assert addresses(compiled.untargeted) == ["10.0.0.1:8080"]


def test_the_avoided_address_is_used_only_when_there_is_no_other() -> None:
    two = routing.Addresses(ready=("own:8080", "other:8080"))
    compiled = routing.compile_routing(a_snapshot(("A", 1, (("a", 1),)), a=two), avoided="own:8080")
    assert addresses(compiled.untargeted) == ["other:8080"]
    alone = routing.Addresses(ready=("own:8080",))
    compiled = routing.compile_routing(a_snapshot(("A", 1, (("a", 1),)), a=alone), avoided="own:8080")
    assert addresses(compiled.untargeted) == ["own:8080"]


def test_fixed_addresses_need_no_service() -> None:
    table = route_table.RouteTable(
        "churn", 1, (route_table.Variant("A", 1, (route_table.Backend(addresses=("h:1", "h:2")),)),)
    )
    compiled = routing.compile_routing(routing.Snapshot(table))
    assert compiled.addresses() == {"h:1", "h:2"}
    assert routing.Snapshot(table).ready_addresses() == {}


def test_huge_and_tiny_weights_neither_overflow_nor_divide_by_zero() -> None:
    compiled = routing.compile_routing(
        a_snapshot(
            ("A", 1.7e308, (("a", 1.7e308), ("b", 1.7e308))), ("B", 1.7e308, (("b", 1),)), ("C", 5e-324, (("b", 1),)),
            a=READY, b=READY,
        )
    )  # fmt: skip
    assert [share.upper for share in compiled.untargeted] == [0.25, 0.5, 1.0]
    tiny = routing.compile_routing(
        a_snapshot(("A", 5e-324, (("a", 5e-324),)), ("B", 5e-324, (("b", 1),)), a=READY, b=READY)
    )
    assert [share.upper for share in tiny.untargeted] == [0.5, 1.0]


SOME = st.lists(st.integers(1, 12).map("{}:1".format), max_size=8, unique=True).map(tuple)


@given(
    ready=SOME,
    new=SOME,
    ejected=st.dictionaries(st.integers(1, 12).map("{}:1".format), st.floats(1, 300)),
    shares=st.dictionaries(st.integers(1, 12).map("{}:1".format), st.sampled_from([0.1, 0.35, 0.6, 1.0])),
    avoided=st.sampled_from(["", "1:1"]),
)
def test_no_draw_meets_an_ejected_pod_and_whatever_serves_is_met(
    ready: tuple[str, ...],
    new: tuple[str, ...],
    ejected: dict[str, float],
    shares: dict[str, float],
    avoided: str,
) -> None:
    """Over two backends of one variant, at any state of its pods."""
    snapshot = a_snapshot(
        ("A", 1, (("a", 1), ("b", 3))), a=routing.Addresses(ready=ready), b=routing.Addresses(ready=new)
    )
    standing = pod_health.Standing(shares, 0.1, ejected)
    compiled = routing.compile_routing(snapshot, avoided=avoided, standing=standing)
    members = dict.fromkeys((*ready, *new))
    crew, left_out = compiled.crews["A"], standing.left_out(tuple(members))
    assert crew.members == tuple(members)
    assert crew.ejected == len(left_out) <= len(members) // 2
    drawn = set(addresses(compiled.untargeted))
    assert drawn == set(crew.in_service) == set(addresses(compiled.targeted["A"]))
    assert bool(drawn) == bool(members), "never the whole variant"
    assert drawn.isdisjoint(left_out)
    assert drawn | left_out | {avoided} >= set(members)
    assert avoided not in drawn or drawn == {avoided}
