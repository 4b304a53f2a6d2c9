"""Route tables for every step of a cut-over: who is drawn, who is only watched, who is on the way out.

A backend's weight is 1 when its revision takes the variant's requests and 0 when routers only watch it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from endpoint_contract import route_table
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import weights


@dataclass(frozen=True, slots=True)
class Place:
    """One revision's place in a table: under which variant name, and in which Service."""

    name: str
    service: str


def places(stored: roll_out.StoredRollOut | None) -> tuple[Place, ...]:
    """The places of a roll-out's variants."""
    if stored is None:
        return ()
    return tuple(Place(variant.variant_name, variant.revision) for variant in stored.variants)


def active(table: route_table.RouteTable | None) -> tuple[Place, ...]:
    """The places that take requests in ``table``."""
    return tuple(place for place, weight in _backends(table) if weight > 0)


def named(table: route_table.RouteTable | None) -> tuple[Place, ...]:
    """All places in ``table``, whatever their weight."""
    return tuple(place for place, _ in _backends(table))


def last_split(table: route_table.RouteTable | None) -> dict[str, float]:
    """The weights that announced variants have in ``table``."""
    if table is None:
        return {}
    return {variant.name: variant.weight for variant in table.variants if variant.is_announced}


def variants(
    taking: Iterable[Place], split: Mapping[str, float], watched: Iterable[Place]
) -> tuple[route_table.Variant, ...]:
    """A table's variants: ``taking`` share the requests by ``split``, ``watched`` stand beside them at
    weight 0.

    Names that differ only in case are one variant to a table; the one that takes requests gives its spelling.
    What would exceed the table's size is left out from the end of ``watched``.
    """
    entries: dict[str, route_table.Variant] = {}
    for place in taking:
        backend = route_table.Backend(service=place.service, weight=1.0)
        weight = split.get(place.name, 0.0)
        entries[place.name.lower()] = route_table.Variant(place.name, weight, (backend,))
    for place in watched:
        _watch(entries, place)
    return tuple(entries.values())


def same(one: tuple[route_table.Variant, ...], other: tuple[route_table.Variant, ...]) -> bool:
    """Whether two tables route alike: the same backends, and weights within the tolerance."""
    return len(one) == len(other) and all(
        mine.name == theirs.name
        and mine.backends == theirs.backends
        and weights.same(mine.weight, theirs.weight)
        for mine, theirs in zip(one, other, strict=True)
    )


def same_backends(one: tuple[route_table.Variant, ...], other: tuple[route_table.Variant, ...]) -> bool:
    """Whether two tables name the same backends in the same roles, whatever the variants' weights."""
    return _roles(one) == _roles(other)


def _watch(entries: dict[str, route_table.Variant], place: Place) -> None:
    key, backend = place.name.lower(), route_table.Backend(service=place.service, weight=0.0)
    entry = entries.get(key)
    if entry is None:
        if len(entries) < route_table.MAX_VARIANTS:
            entries[key] = route_table.Variant(place.name, 0.0, (backend,))
    elif all(known.service != place.service for known in entry.backends):
        entries[key] = route_table.Variant(entry.name, entry.weight, (*entry.backends, backend))


def _backends(table: route_table.RouteTable | None) -> Iterable[tuple[Place, float]]:
    for variant in table.variants if table else ():
        for backend in variant.backends:
            if backend.service is not None:
                yield Place(variant.name, backend.service), backend.weight


def _roles(variants: tuple[route_table.Variant, ...]) -> frozenset[tuple[str, str | None, bool]]:
    return frozenset(
        (variant.name, backend.service, backend.weight > 0)
        for variant in variants
        for backend in variant.backends
    )
