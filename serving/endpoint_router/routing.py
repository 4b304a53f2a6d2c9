"""What a router routes by: a table with the addresses known for it, compiled once into what requests look up.

Pure: no clock, no chance, no I/O.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from endpoint_contract import route_table


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
class Routing:
    """The compiled form.

    ``untargeted`` holds the shares of all variants that weigh more than 0 and can serve, possibly none.
    ``targeted`` holds, for every announced variant, the shares of its own backends, empty when none serves.
    ``is_fallback`` says that a variant of weight > 0 is missing from ``untargeted``.
    """

    endpoint: str
    untargeted: tuple[Share, ...]
    targeted: Mapping[str, tuple[Share, ...]]
    is_fallback: bool

    def addresses(self) -> frozenset[str]:
        """All addresses that a request may be sent to."""
        return frozenset(
            address for shares in self.targeted.values() for share in shares for address in share.addresses
        )


def compile_routing(snapshot: Snapshot, *, avoided: str = "") -> Routing:
    """The routing of ``snapshot``; the address ``avoided`` is used only where a variant has no other."""
    announced = [variant for variant in snapshot.table.variants if variant.is_announced]
    groups = {variant.name: _without(avoided, _serving(variant, snapshot)) for variant in announced}
    weighted = [variant for variant in announced if variant.weight > 0]
    serving = [variant for variant in weighted if groups[variant.name]]
    return Routing(
        endpoint=snapshot.table.endpoint,
        untargeted=_shares([(variant.name, variant.weight, groups[variant.name]) for variant in serving]),
        targeted={name: _shares([(name, 1.0, found)]) for name, found in groups.items()},
        is_fallback=len(serving) < len(weighted),
    )


_Groups = list[tuple[float, tuple[str, ...]]]
"""Weight and addresses of each backend that serves a variant now."""


def _serving(variant: route_table.Variant, snapshot: Snapshot) -> _Groups:
    """The first choice that has an address: ready before terminating, watched backends (weight 0) last."""
    active = [backend for backend in variant.backends if backend.weight > 0]
    watched = [backend for backend in variant.backends if backend.weight <= 0]
    for backends in (active, watched):
        for terminating in (False, True):
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


def _without(avoided: str, groups: _Groups) -> _Groups:
    others = [(weight, tuple(item for item in found if item != avoided)) for weight, found in groups]
    return [group for group in others if group[1]] or groups


def _shares(variants: list[tuple[str, float, _Groups]]) -> tuple[Share, ...]:
    """Cumulated shares; dividing by the largest weight first keeps sums of huge weights finite."""
    scaled = [
        (name, addresses, weight / _peak([w for _, w, _ in variants]) * part)
        for name, weight, groups in variants
        for part, addresses in _fractions(groups)
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
