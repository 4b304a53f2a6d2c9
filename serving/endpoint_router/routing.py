"""What a router routes by: a table with the addresses known for it, compiled once into what requests look up.

Pure: no clock, no chance, no I/O.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from endpoint_contract import route_table
from endpoint_router import pod_health


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ``host:port`` addresses of one headless Service; ``terminating`` ones shut down but still serve."""

    ready: tuple[str, ...] = ()
    terminating: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A route table and what is known of its Services at one moment; one that is not named has no address."""

    table: route_table.RouteTable
    addresses: Mapping[str, Addresses] = field(default_factory=dict)

    def ready_addresses(self) -> dict[str, int]:
        """How many ready addresses each Service of the table has, coming ones included (`RouterReport`)."""
        services = (backend.service for variant in self.table.variants for backend in variant.backends)
        return {
            name: len(self.addresses.get(name, Addresses()).ready) for name in services if name is not None
        }


@dataclass(frozen=True, slots=True)
class Share:
    """``addresses`` take the draws from the previous share's ``upper``, or 0, up to this one's, within 0..1."""

    variant: str
    addresses: tuple[str, ...]
    upper: float


@dataclass(frozen=True, slots=True)
class Crew:
    """The addresses of one variant: all ``members`` that serve, and those ``in_service``, among which requests are
    drawn; the others, ejected or avoided, are a last resort. How many are ``ejected``, and how many of those in
    service are ``starting``, with less than a full share.
    """

    members: tuple[str, ...]
    in_service: tuple[str, ...]
    starting: int
    ejected: int


@dataclass(frozen=True, slots=True)
class Routing:
    """The compiled form.

    ``untargeted`` holds the shares of all variants that weigh more than 0 and can serve, possibly none.
    ``targeted`` holds, for every announced variant, the shares of its own backends, empty when none serves.
    ``crews`` holds the addresses behind them, ejected ones included.
    ``is_fallback`` says that a variant of weight > 0 is missing from ``untargeted``.
    """

    endpoint: str
    untargeted: tuple[Share, ...]
    targeted: Mapping[str, tuple[Share, ...]]
    crews: Mapping[str, Crew]
    is_fallback: bool

    def addresses(self) -> frozenset[str]:
        """All addresses that a request may be sent to."""
        return frozenset(address for crew in self.crews.values() for address in crew.members)


def compile_routing(
    snapshot: Snapshot, *, avoided: str = "", standing: pod_health.Standing = pod_health.ALL_WELL
) -> Routing:
    """The routing of ``snapshot``; the address ``avoided`` is used only where a variant has no other.

    ``standing`` says which pods are ejected, and which have less than a full share because they are new.
    """
    announced = [variant for variant in snapshot.table.variants if variant.is_announced]
    serving = {variant.name: _serving(variant, snapshot) for variant in announced}
    groups = {name: _in_service(found, avoided, standing) for name, found in serving.items()}
    weighted = [variant for variant in announced if variant.weight > 0]
    drawn = [(variant.name, variant.weight, groups[variant.name]) for variant in weighted]
    shares = _shares([item for item in drawn if item[2]], standing)
    return Routing(
        endpoint=snapshot.table.endpoint,
        untargeted=shares,
        targeted={name: _shares([(name, 1.0, found)], standing) for name, found in groups.items()},
        crews={name: _crew(found, groups[name], standing) for name, found in serving.items()},
        is_fallback=any(not groups[variant.name] for variant in weighted),
    )


_Groups = list[tuple[float, tuple[str, ...]]]
"""Weight and addresses of each backend that serves a variant now."""


def _serving(variant: route_table.Variant, snapshot: Snapshot) -> _Groups:
    """The first choice that has an address: watched backends (weight 0) after the others, terminating ones last."""
    active = [backend for backend in variant.backends if backend.weight > 0]
    watched = [backend for backend in variant.backends if backend.weight <= 0]
    for terminating in (False, True):
        for backends in (active, watched):
            found = [
                (backend.weight or 1.0, addresses)
                for backend in backends
                if (addresses := _addresses(backend, snapshot, terminating=terminating))
            ]
            if found:
                return found
    return []


def _addresses(backend: route_table.Backend, snapshot: Snapshot, *, terminating: bool) -> tuple[str, ...]:
    if backend.service is None:
        return () if terminating else backend.addresses
    known = snapshot.addresses.get(backend.service, Addresses())
    return known.terminating if terminating else known.ready


def _in_service(groups: _Groups, avoided: str, standing: pod_health.Standing) -> _Groups:
    """The groups without ejected pods, and, where possible, without the avoided one."""
    return _without({avoided}, _without(standing.left_out(_flat(groups)), groups))


def _without(unwanted: Collection[str], groups: _Groups) -> _Groups:
    others = [(weight, tuple(item for item in found if item not in unwanted)) for weight, found in groups]
    return [group for group in others if group[1]] or groups


def _crew(serving: _Groups, in_service: _Groups, standing: pod_health.Standing) -> Crew:
    members, drawn = _flat(serving), _flat(in_service)
    return Crew(members, drawn, standing.starting(drawn), len(standing.left_out(members)))


def _flat(groups: _Groups) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for _, addresses in groups for address in addresses))


def _shares(variants: list[tuple[str, float, _Groups]], standing: pod_health.Standing) -> tuple[Share, ...]:
    """Cumulated shares; dividing by the largest weight first keeps sums of huge weights finite."""
    peak = _peak([weight for _, weight, _ in variants])
    scaled = [
        (name, level, weight / peak * part * size)
        for name, weight, groups in variants
        for part, addresses in _fractions(groups)
        for size, level in standing.levels(addresses)
    ]
    total = math.fsum(weight for _, _, weight in scaled)
    drawn = [(name, addresses, weight / total) for name, addresses, weight in scaled if weight / total > 0]
    # The parts were rounded one by one: their sum can come out just above 1.
    uppers = [min(1.0, math.fsum(share for _, _, share in drawn[: i + 1])) for i in range(len(drawn) - 1)]
    return tuple(
        Share(name, addresses, upper)
        for (name, addresses, _), upper in zip(drawn, [*uppers, 1.0], strict=False)
    )


def _fractions(groups: _Groups) -> _Groups:
    peak = _peak([weight for weight, _ in groups])
    total = math.fsum(weight / peak for weight, _ in groups)
    return [(weight / peak / total, addresses) for weight, addresses in groups]


def _peak(weights: list[float]) -> float:
    return max(weights, default=1.0)
