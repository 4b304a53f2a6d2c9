"""A cluster in miniature, in which plans are carried out: what can be late is late, what can stop half-way
does.

- A table reaches each router up to `TABLE_LAG` seconds late, and separately each Service's addresses
`ADDRESS_LAG`. - A pod that is deleted leaves the addresses at once and answers on for `GRACE` seconds. - A
router may be unreachable for the operator, with or without also being cut off from the API server. - The
operator may die after any of its writes.
"""

import dataclasses
import random
from collections.abc import Iterator

from endpoint_contract import route_table, router_report
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.desired import roll_out
from endpoint_operator.reconcile import acknowledgements
from endpoint_operator.rollout import cutover, observed, reasons, routing
from endpoint_operator.rollout import plan as plans

TABLE_LAG = 2.0
ADDRESS_LAG = 4.0
GRACE = 10.0
DRAIN = 5.0


@dataclasses.dataclass(slots=True)
class Pod:
    """A pod and the router in it. ``seen`` is what the router knows of addresses: pod names by Service."""

    name: str
    revision: str
    variant: str
    table: route_table.RouteTable | None
    seen: dict[str, frozenset[str]]
    ready_at: float | None
    ready: bool = False
    has_been_ready: bool = False
    ends_at: float | None = None
    reachable: bool = True
    frozen: bool = False
    late: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def routes(self) -> bool:
        """Whether requests can enter here, if only on connections from the time when the pod was ready."""
        return self.has_been_ready


class Cluster:
    """The state of everything; `step` lets something happen, `reconcile` is the operator's turn."""

    def __init__(
        self, chance: random.Random, roll_outs: list[roll_out.StoredRollOut], broken: set[str]
    ) -> None:
        self.chance = chance
        self.known = {stored.name: stored for stored in roll_outs}
        self.broken = broken
        self.now = 1000.0
        self.asked = roll_outs[0].name
        self.weights: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.stored: dict[str, roll_out.StoredRollOut] = {}
        self.table: route_table.RouteTable | None = None
        self.history: list[route_table.RouteTable] = []
        self.serving: str | None = None
        self.since: float | None = None
        self.deployments: dict[str, int] = {}
        self.variants: dict[str, str] = {}
        self.pods: dict[str, Pod] = {}
        self.reports: dict[str, observed.RouterAnswer] = {}
        self.heard = acknowledgements.Heard()
        self.let_go: dict[str, float] = {}
        self.created = 0

    # -- what the operator sees and does -----------------------------------------------------------------

    def observe(self) -> observed.Observed:
        """The snapshot, true but for the routers' answers, which are as old as they are."""
        spec = endpoint_kind.EndpointSpec(
            endpoint_config_name=self.known[self.asked].config_name,
            weights=self.weights,
            instance_counts=self.counts,
        )
        pods = tuple(self._pod_state(pod) for pod in self.pods.values())
        return observed.Observed(
            endpoint=endpoint_kind.Endpoint("churn", "default", "uid", 1, {}, spec),
            now=self.now,
            roll_outs=tuple(self.stored.values()),
            serving_name=self.serving,
            table=self.table,
            backends_since=self.since if self.table else None,
            deployments={name: self._deployment_state(name) for name in self.deployments},
            services=frozenset(self.deployments),
            pods=pods,
            reports={name: self.reports[name] for name in self.pods if name in self.reports},
            named_until=self.heard.named_until,
            drain_seconds=DRAIN,
        )

    def decide(self) -> tuple[observed.Observed, plans.Plan]:
        """The operator's next plan."""
        coming = self.known[self.asked]
        self.stored.setdefault(coming.name, coming)
        seen = self.observe()
        return seen, cutover.plan(seen, coming)

    def writes(self, plan: plans.Plan) -> Iterator[str]:
        """Carries the plan out, one write at a time; the table comes before the pods or after them."""
        steps = [self._write_pods, self._write_table]
        self.chance.shuffle(steps)
        for step in (*steps, self._delete):
            yield from step(plan)

    def _write_pods(self, plan: plans.Plan) -> Iterator[str]:
        for revision, wanted in plan.wanted.items():
            if revision not in self.deployments:
                self.variants[revision] = wanted.variant.variant_name
                self._scale(revision, wanted.replicas)
                yield f"create {revision}"
        for revision, replicas in plan.scale.items():
            self._scale(revision, replicas)
            yield f"scale {revision}"

    def _write_table(self, plan: plans.Plan) -> Iterator[str]:
        if plan.table_write is not None:
            self.table, self.since = plan.table_write.table, plan.table_write.backends_since
            self.serving = plan.table_write.serving_name or None
            self.history.append(self.table)
            yield "table"

    def _delete(self, plan: plans.Plan) -> Iterator[str]:
        for revision in plan.delete:
            yield f"delete {revision}"
            self._scale(revision, 0)
            del self.deployments[revision]
        for name in plan.forget:
            del self.stored[name]
            yield f"forget {name}"

    def ask(self, pod: Pod) -> None:
        """The operator asks one router."""
        before = self.reports.get(pod.name)
        if pod.reachable and pod.table is not None:
            names = [place.service for variant in pod.table.variants for place in variant.backends]
            ready = {name: len(self._known_ready(pod, name)) for name in names if name}
            self.reports[pod.name] = router_report.RouterReport(pod.table, ready)
        elif not isinstance(before, observed.Unreachable):
            self.reports[pod.name] = observed.Unreachable(self.now, before)
        self.heard = acknowledgements.after(self.heard, dict(self.reports), self.now)

    # -- what happens by itself --------------------------------------------------------------------------

    def tick(self, seconds: float) -> None:
        """Time passes: pods get ready or end, and what is late arrives."""
        self.now += seconds
        for pod in list(self.pods.values()):
            if pod.ends_at is not None and pod.ends_at <= self.now:
                del self.pods[pod.name]
                self.reports.pop(pod.name, None)
            elif pod.ready_at is not None and pod.ready_at <= self.now:
                pod.ready, pod.has_been_ready, pod.ready_at = True, True, None
        for pod in self.pods.values():
            self.deliver(pod, only_overdue=True)

    def deliver(self, pod: Pod, *, only_overdue: bool = False) -> None:
        """News that a router does not have yet reach it: some of them, and surely those that are overdue."""
        if pod.frozen:
            return
        for what in self._news(pod):
            due = pod.late.setdefault(what, self.now + (ADDRESS_LAG if what else TABLE_LAG))
            if due <= self.now:
                self._arrive(pod, what, newest=True)
            elif not only_overdue and self.chance.random() < 0.5:
                self._arrive(pod, what, newest=False)

    def catch_up(self, pod: Pod) -> None:
        """A router that can talk to the API server again lists everything anew."""
        pod.frozen = False
        for what in self._news(pod):
            self._arrive(pod, what, newest=True)

    def all_is_known(self) -> bool:
        """Whether no news is under way to any router."""
        return not any(self._news(pod) for pod in self.pods.values())

    def backends_of(self, revision: str) -> frozenset[str]:
        """The addresses of a Service as the API server has them: ready pods, or going ones when there are no others."""
        if revision not in self.deployments:
            return frozenset()
        ready = {
            pod.name
            for pod in self.pods.values()
            if pod.revision == revision and pod.ready and not pod.ends_at
        }
        going = {
            pod.name for pod in self.pods.values() if pod.revision == revision and pod.ready and pod.ends_at
        }
        return frozenset(ready or going)

    def end(self, pod: Pod) -> None:
        """A pod is deleted: it answers for a while."""
        if pod.ends_at is None:
            pod.ends_at = self.now + (GRACE if pod.ready else 0.0)

    def live_pods(self, revision: str) -> list[Pod]:
        """The pods of a revision that are not on their way out."""
        return [pod for pod in self.pods.values() if pod.revision == revision and pod.ends_at is None]

    def heal(self, revision: str) -> None:
        """A Deployment replaces what it lost."""
        for _ in range(self.deployments.get(revision, 0) - len(self.live_pods(revision))):
            self._start(revision)

    # -- inside ------------------------------------------------------------------------------------------

    def _scale(self, revision: str, replicas: int) -> None:
        self.deployments[revision] = replicas
        live = self.live_pods(revision)
        for pod in sorted(live, key=lambda pod: pod.ready)[: max(0, len(live) - replicas)]:
            self.end(pod)
        self.heal(revision)

    def _start(self, revision: str) -> None:
        self.created += 1
        wait = None if revision in self.broken else self.now + ADDRESS_LAG + self.chance.random() * 8
        seen = {name: self.backends_of(name) for name in self.deployments}
        newest = self.history[-1] if self.history else None
        name = f"{revision}-{self.created}"
        self.pods[name] = Pod(name, revision, self.variants[revision], newest, seen, wait)

    def _news(self, pod: Pod) -> list[str]:
        news = [
            name
            for name in {*self.deployments, *pod.seen}
            if pod.seen.get(name, frozenset()) != self.backends_of(name)
        ]
        newest = self.history[-1] if self.history else None
        if pod.table != newest:
            news.append("")
        for what in set(pod.late) - set(news):
            del pod.late[what]
        return sorted(news)

    def _arrive(self, pod: Pod, what: str, *, newest: bool) -> None:
        if what:
            pod.seen[what] = self.backends_of(what)
            return
        heard = observed.last_report(self.reports.get(pod.name))
        if pod.routes and heard is not None:
            # What it names between two questions, nobody knows.
            self.let_go |= {place.service: self.now for place in routing.named(heard.table)}
        # Tables come in the order of their writing; which of them a watch leaves out is chance.
        position = self.history.index(pod.table) + 1 if pod.table in self.history else 0
        last = len(self.history) - 1
        pod.table = self.history[last if newest else self.chance.randint(position, last)]

    def _known_ready(self, pod: Pod, service: str) -> list[str]:
        return [name for name in pod.seen.get(service, ()) if name in self.pods and self.pods[name].ready]

    def _pod_state(self, pod: Pod) -> observed.PodState:
        failed = pod.revision in self.broken
        return observed.PodState(
            pod.name,
            pod.revision,
            pod.variant,
            ip="10.0.0.1",
            ready=pod.ready,
            terminating=pod.ends_at is not None,
            has_router=pod.routes,
            failure=observed.Failure(reasons.CONTAINER_CRASHED, "crashed") if failed else None,
        )

    def _deployment_state(self, name: str) -> observed.DeploymentState:
        ready = sum(pod.ready and pod.revision == name and not pod.ends_at for pod in self.pods.values())
        return observed.DeploymentState(self.deployments[name], ready, ready)
