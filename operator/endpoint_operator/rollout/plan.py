"""What is to be done with one endpoint now, as data: the apply step carries it out, the status reports it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from endpoint_contract import route_table
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout.observed import Failure


class Phase(enum.Enum):
    """How far the endpoint is on its way to the config that its spec names."""

    NOTHING_TO_SERVE = "no config has ever been usable"
    DELETING = "the Endpoint is being deleted: its children go by owner references"
    STEADY = "one roll-out serves and nothing else is left"
    WAITING_FOR_PODS = "pods of the coming roll-out are not ready yet"
    WAITING_FOR_ROUTERS = "routers don't know the coming pods yet"
    HELD_BY_ZERO_WEIGHTS = "the coming roll-out would get no traffic: all of its weights are 0"
    HELD_BY_WRITES = "the coming roll-out, or the table by which it takes over, could not be written"
    CUTTING_OVER = "the coming roll-out takes over with this plan's table"
    LEAVING_TABLE = "backends that serve no more stay in the table until every router has it"
    DRAINING = "revisions that serve no more stay until no router names them and they have drained"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One revision that should exist with ``replicas`` pods."""

    variant: roll_out.StoredVariant
    replicas: int


@dataclass(frozen=True, slots=True)
class TableWrite:
    """One write of the route table's ConfigMap: table, serving roll-out and time, all at once.

    ``table.revision`` is the newest one seen anywhere, plus one. ``backends_since`` is to be stored beside
    the table and given back as `Observed.backends_since`.
    """

    table: route_table.RouteTable
    serving_name: str
    backends_since: float


@dataclass(frozen=True, slots=True)
class RouterView:
    """Which pods' routers run the plan's table, by pod name, each sorted.

    ``behind`` run an older one, ``silent`` don't answer (with the time since when), ``unasked`` were not
    asked yet.
    """

    applied: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    silent: tuple[tuple[str, float], ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def all_applied(self) -> bool:
        """Whether no router is known or suspected to run another table."""
        return not (self.behind or self.silent or self.unasked)


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision.

    ``wanted`` is keyed by revision: its Deployment and Service should exist as stored. ``scale`` holds only
    existing Deployments whose replicas differ; a Deployment that is created gets ``wanted[...].replicas``.
    ``table_write`` is None when the table is right as it is; ``table`` is what it is then or will be.
    ``delete`` names revisions whose Deployment, Service and identity are to go, ``forget`` names stored
    roll-outs (ControllerRevisions) to go. Order of carrying out: wanted, scale and table_write in any order, then
    delete, then forget. ``asks_routers``: somebody waits for routers, so keep asking them.
    ``requeue_after`` (seconds): look again then, even if nothing happens.

    The rest are facts for the status: ``serving`` is the roll-out that serves once the plan is carried out,
    ``coming`` the one that the spec asks for and that does not serve yet. ``weights`` and ``counts`` are
    those asked for of serving's variants; ``all_zero`` says that the weights are all 0, so that the last
    good split stays. ``unknown_weights`` and ``unknown_counts`` are names in the spec's overrides that
    neither roll-out has; ``carried_over`` and ``carried_counts`` hold the weights and counts of the spec that
    apply to coming, or to serving when nothing comes.
    ``stalled`` says why the coming roll-out (or serving, when nothing comes) can't get ready, ``waiting``
    what it waits for. ``leftover`` are revisions that serve no more but still exist.
    """

    phase: Phase
    serving: roll_out.StoredRollOut | None = None
    coming: roll_out.StoredRollOut | None = None
    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    scale: Mapping[str, int] = field(default_factory=dict)
    table: route_table.RouteTable | None = None
    table_write: TableWrite | None = None
    delete: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    asks_routers: bool = False
    requeue_after: float | None = None
    routers: RouterView = RouterView()
    stalled: Failure | None = None
    waiting: str = ""
    leftover: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    all_zero: bool = False
    unknown_weights: tuple[str, ...] = ()
    unknown_counts: tuple[str, ...] = ()
    carried_over: Mapping[str, float] = field(default_factory=dict)
    carried_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_one_way(self) -> bool:
        """Whether requests move to other pods or something is deleted: never to be decided from old news."""
        return self.phase is Phase.CUTTING_OVER or bool(self.delete or self.forget)
