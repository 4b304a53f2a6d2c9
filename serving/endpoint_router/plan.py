"""The routing bound to pods, counters and ready-made bytes: what a request looks up, built on a table change."""

from dataclasses import dataclass

from endpoint_router import admission, answers, counters, routing, upstream


class Lane:
    """One share of the draws: its pods, its counters, and the header lines that name it.

    ``group`` has the variant's other pods too, for when none of these can be connected to.

    ``substitutes`` are the lanes among which a request is drawn anew when no pod of this one can be connected to;
    none for a request that named its variant.
    """

    __slots__ = ("counters", "group", "header_lines", "pods", "reason", "substitutes", "upper", "variant")

    def __init__(
        self,
        share: routing.Share,
        pods: tuple[upstream.Pod, ...],
        group: upstream.Group,
        reason: int,
    ) -> None:
        self.variant = share.variant
        self.upper = share.upper
        self.pods = pods
        self.group = group
        self.counters = group.counters
        self.reason = reason
        self.header_lines = answers.variant_lines(share.variant, counters.REASONS[reason])
        self.substitutes: tuple[Lane, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """``targeted`` has every variant that a client may name, with no lane where nothing serves."""

    endpoint: str
    routes: dict[str, admission.Route]
    untargeted: tuple[Lane, ...]
    targeted: dict[bytes, tuple[Lane, ...]]

    @property
    def can_serve(self) -> bool:
        """Whether any request could be answered."""
        return any(self.targeted.values())


def bind(compiled: routing.Routing, upstreams: upstream.Upstreams, counts: counters.Counters) -> Plan:
    """The plan for ``compiled``; pods that are not in it are forgotten."""

    def lanes(shares: tuple[routing.Share, ...], reason: int) -> tuple[Lane, ...]:
        return tuple(
            Lane(share, upstreams.pods(share.addresses), groups[share.variant], reason) for share in shares
        )

    groups = {name: _group(name, crew, upstreams, counts) for name, crew in compiled.crews.items()}
    reason = counters.REASON_FALLBACK if compiled.is_fallback else counters.REASON_WEIGHT
    plan = Plan(
        endpoint=compiled.endpoint,
        routes=admission.routes(compiled.endpoint),
        untargeted=lanes(compiled.untargeted, reason),
        targeted={
            name.encode(): lanes(shares, counters.REASON_TARGET) for name, shares in compiled.targeted.items()
        },
    )
    substitutes = lanes(compiled.untargeted, counters.REASON_FALLBACK)
    for lane in (*plan.untargeted, *substitutes):
        lane.substitutes = substitutes
    upstreams.keep_only(compiled.addresses())
    counts.show_pods({name: _states(crew) for name, crew in compiled.crews.items()})
    return plan


def _group(
    name: str, crew: routing.Crew, upstreams: upstream.Upstreams, counts: counters.Counters
) -> upstream.Group:
    return upstream.Group(
        name, counts.variant(name), upstreams.pods(crew.in_service), upstreams.pods(crew.members)
    )


def _states(crew: routing.Crew) -> tuple[int, ...]:
    """How many pods are in each of `counters.POD_STATES`."""
    return len(crew.in_service) - crew.starting, crew.starting, crew.ejected
