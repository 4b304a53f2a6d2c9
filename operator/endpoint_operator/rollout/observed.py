"""The snapshot of one endpoint that every decision is made from: what its objects, pods and routers say now.

The cluster layer builds it; times are seconds since the epoch, of one clock.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from endpoint_contract import model_identity, route_table, router_report
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import reasons


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that does not work: ``reason`` is one CamelCase word, ``message`` one line for people.

    ``since`` is when it began, where the source says so.
    """

    reason: str
    message: str
    since: float | None = None


@dataclass(frozen=True, slots=True)
class DeploymentState:
    """What a revision's Deployment says: ``desired`` is its spec.replicas, ``ready`` counts ready pods.

    ``updated`` counts the pods that already have the present template. ``failure`` is the Deployment's own:
    pods that can't be created, or a progress deadline that has passed.
    """

    desired: int
    ready: int
    updated: int
    uid: str = ""
    created_at: float = 0.0
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class PodState:
    """One pod of a revision. ``has_router`` says that a router runs in it that may be given requests;
    ``finished`` that none of its containers will ever run again, though it is still listed.

    ``failure`` says why it is not ready; a pod that merely starts has none. ``image_id`` is what the model
    container's image resolved to, empty until known; ``identity`` is what its loader found.
    """

    name: str
    revision: str
    variant: str
    ip: str | None = None
    ready: bool = False
    terminating: bool = False
    finished: bool = False
    has_router: bool = False
    created_at: float = 0.0
    started_at: float | None = None
    failure: Failure | None = None
    image_id: str = ""
    identity: model_identity.ModelIdentity | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A router that has not answered since ``since``; ``last`` is its last answer, if there was any."""

    since: float
    last: router_report.RouterReport | None = None


RouterAnswer = router_report.RouterReport | Unreachable


def last_report(answer: RouterAnswer | None) -> router_report.RouterReport | None:
    """What the router said last, be it silent by now; None if it never said anything."""
    return answer.last if isinstance(answer, Unreachable) else answer


@dataclass(frozen=True, slots=True)
class Conflict:
    """An object that has a name we need and belongs to somebody else."""

    kind: str
    name: str

    @property
    def told(self) -> Failure:
        """It as a failure, in words for people."""
        message = f"{self.kind} {self.name} exists and belongs to somebody else"
        return Failure(reasons.NAME_CONFLICT, message)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that the API server did not take as it should be, and why, in its own words."""

    kind: str
    name: str
    failure: Failure

    @property
    def told(self) -> Failure:
        """The failure, told with the object's name."""
        return dataclasses.replace(self.failure, message=f"{self.kind} {self.name}: {self.failure.message}")


@dataclass(frozen=True, slots=True)
class Observed:
    """One endpoint as it is.

    ``config_failure`` says why the EndpointConfig that the spec names can't be used
    (reasons.CONFIG_NOT_FOUND or CONFIG_INVALID). ``roll_outs`` are all stored ones, whatever their order;
    ``serving_name`` names the one whose weights the table carries. ``backends_since`` is when the table's
    set of backends last changed, as the writer noted beside it. ``deployments``, ``services`` and
    ``identity_maps`` (the ConfigMaps that loaders mount) are by revision and hold only what is ours; ``identities``
    are all that is known, also of revisions that are gone. ``reports`` is keyed by pod name; a pod that was not asked
    yet is absent. ``named_until`` says, by Service, when a router was last known to name it in its table, as far back
    as ``asked_since``. ``drain_seconds`` is how long a backend that no router names any more
    is kept. ``conflicts`` and ``refusals`` are what the present look itself met when it wrote; ``is_held`` says
    that it could not write the table, or the record of the roll-out that is asked for: requests go on as before.
    """

    endpoint: endpoint_kind.Endpoint
    now: float
    config_failure: Failure | None = None
    roll_outs: tuple[roll_out.StoredRollOut, ...] = ()
    serving_name: str | None = None
    table: route_table.RouteTable | None = None
    backends_since: float | None = None
    deployments: Mapping[str, DeploymentState] = field(default_factory=dict)
    services: frozenset[str] = frozenset()
    identity_maps: frozenset[str] = frozenset()
    identities: Mapping[str, model_identity.ModelIdentity] = field(default_factory=dict)
    pods: tuple[PodState, ...] = ()
    reports: Mapping[str, RouterAnswer] = field(default_factory=dict)
    named_until: Mapping[str, float] = field(default_factory=dict)
    asked_since: float = 0.0
    conflicts: tuple[Conflict, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    is_held: bool = False
    drain_seconds: float = 5.0

    @property
    def routers(self) -> tuple[PodState, ...]:
        """The pods whose routers must be asked what they apply."""
        return tuple(pod for pod in self.pods if pod.has_router)

    def roll_out(self, name: str | None) -> roll_out.StoredRollOut | None:
        """The stored roll-out of that name."""
        return next((stored for stored in self.roll_outs if stored.name == name), None)

    def routers_named(self, service: str) -> float:
        """Until when a router may have named this Service in its table."""
        return self.named_until.get(service, self.asked_since)

    def live_pods(self, revision: str) -> tuple[PodState, ...]:
        """The pods of ``revision`` that are not on their way out."""
        return tuple(pod for pod in self.pods if pod.revision == revision and not pod.terminating)
