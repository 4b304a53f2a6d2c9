"""Random walks of users, clusters and accidents, driven by the plan: what must hold, holds at every step."""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest

from endpoint_contract import route_table, router_report
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import cutover, observed, routing, weights
from endpoint_operator.rollout import plan as plans
from endpoint_operator.status import summary, verdict
from tests.builders import snapshots
from tests.endpoint_operator.rollout import simulation

BLOCKS = 2
WALKS = 12
STEPS = 200


def _roll_outs(chance: random.Random) -> list[roll_out.StoredRollOut]:
    """The first one works; later ones share, change, add, drop and break variants."""
    first = snapshots.a_roll_out("config-0", number=1).with_variant("A").with_variant("B", weight=3.0)
    made = [first.stored()]
    for number in range(1, 5):
        next_ = snapshots.a_roll_out(f"config-{number}", number=number + 1)
        names = chance.sample(["A", "B", "C", "D"], chance.randint(1, 4))
        for index, name in enumerate(names):
            weight = chance.choice([1.0, 2.0]) if index == 0 else chance.choice([0.0, 0.5, 1.0])
            next_ = next_.with_variant(
                chance.choice([name, name.lower()]),
                weight=weight,
                count=chance.randint(1, 3),
                model=chance.choice(["1", "2", "3"]),
            )
        made.append(next_.stored())
    return made


class Walk:
    """One walk. Nothing that is ready is broken on purpose, so every request must find an answer."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        roll_outs = _roll_outs(self.chance)
        healthy = {variant.revision for variant in roll_outs[0].variants}
        others = sorted({variant.revision for item in roll_outs for variant in item.variants} - healthy)
        broken = set(self.chance.sample(others, min(len(others), self.chance.randint(0, 1))))
        self.cluster = simulation.Cluster(self.chance, roll_outs, broken)
        self.status: dict[str, Any] = {}
        self.cut_overs = 0
        self.deletions = 0

    def run(self) -> None:
        """Start up, wander, come to rest."""
        self.come_to_rest()
        for _ in range(STEPS):
            self.chance.choice(self.happenings())()
            self.every_request_finds_an_answer()
        self.come_to_rest()
        self.what_is_asked_for_is_there()

    def happenings(self) -> list[Callable[[], None]]:
        """What can happen next, as often as it should."""
        return [
            *[self.operator_works] * 7,
            *[self.routers_are_asked] * 7,
            *[self.time_passes] * 9,
            *[self.news_arrive] * 4,
            self.user_changes_config,
            self.user_changes_weights,
            self.user_changes_counts,
            self.network_breaks_or_heals,
            self.pod_is_evicted,
            self.table_is_deleted,
        ]

    # -- what happens ------------------------------------------------------------------------------------

    def operator_works(self) -> None:
        """One reconcile, which may die after any write."""
        self.reconcile(reliable=False)

    def reconcile(self, *, reliable: bool) -> plans.Plan:
        """One reconcile."""
        seen, plan = self.cluster.decide()
        self.nothing_wanted_is_deleted(plan)
        self.weights_alone_change_no_pod(seen, plan)
        serving = self.cluster.serving
        for write in self.cluster.writes(plan):
            if write.startswith("delete "):
                self.no_router_names(write.removeprefix("delete "))
                self.deletions += 1
            if write == "table" and serving is not None and serving != self.cluster.serving:
                self.successor_is_ready()
                self.cut_overs += 1
            if not reliable and self.chance.random() < 0.03:
                return plan
        self.status_tells_the_truth(seen, plan)
        return plan

    def routers_are_asked(self) -> None:
        """Some of them."""
        for pod in self.cluster.pods.values():
            if pod.routes and self.chance.random() < 0.8:
                self.cluster.ask(pod)

    def time_passes(self) -> None:
        """A moment, or a second."""
        self.cluster.tick(self.chance.choice([0.1, 1.0, 2.0]))

    def news_arrive(self) -> None:
        """At some routers."""
        for pod in self.cluster.pods.values():
            if self.chance.random() < 0.7:
                self.cluster.deliver(pod)

    def user_changes_weights(self) -> None:
        """To anything, also to nothing but zeros and to names that there are not."""
        names = self.chance.sample(["A", "B", "C", "D", "a"], self.chance.randint(0, 4))
        self.cluster.weights = {name: self.chance.choice([0.0, 0.0, 0.25, 1.0, 3.0]) for name in names}

    def user_changes_counts(self) -> None:
        """Some variants get more pods or fewer."""
        names = self.chance.sample(["A", "B", "C", "D", "a"], self.chance.randint(0, 3))
        self.cluster.counts = {name: self.chance.randint(1, 4) for name in names}

    def user_changes_config(self) -> None:
        """Forward, back, or to one that never works; sometimes with the weights in one patch."""
        self.cluster.asked = self.chance.choice(list(self.cluster.known))
        if self.chance.random() < 0.3:
            self.user_changes_weights()

    def network_breaks_or_heals(self) -> None:
        """Between the operator and a router, and perhaps between the router and the API server too."""
        for pod in self.cluster.pods.values():
            if pod.routes and self.chance.random() < 0.2:
                pod.reachable = not pod.reachable
                if pod.reachable:
                    self.cluster.catch_up(pod)
                else:
                    pod.frozen = self.chance.random() < 0.5

    def pod_is_evicted(self) -> None:
        """A pod of a revision that has others is deleted, and replaced."""
        for revision in self.cluster.deployments:
            ready = [pod for pod in self.cluster.live_pods(revision) if pod.ready]
            if len(ready) > 1 and self.chance.random() < 0.3:
                self.cluster.end(ready[0])
                self.cluster.heal(revision)

    def table_is_deleted(self) -> None:
        """By hand."""
        if self.chance.random() < 0.2:
            self.cluster.table = None

    def come_to_rest(self) -> None:
        """The user waits, the network works: soon there is nothing left to do."""
        for pod in self.cluster.pods.values():
            pod.reachable = True
            self.cluster.catch_up(pod)
        for _ in range(120):
            plan = self.reconcile(reliable=True)
            if self.is_at_rest(plan):
                return
            self.cluster.tick(1.0)
            for pod in self.cluster.pods.values():
                if pod.routes:
                    self.cluster.ask(pod)
        raise AssertionError(f"never came to rest: {plan}")

    def is_at_rest(self, plan: plans.Plan) -> bool:
        """Whether all is done that can be done."""
        starting = any(
            pod.ready_at is not None or pod.ends_at is not None for pod in self.cluster.pods.values()
        )
        busy = plan.table_write or plan.scale or plan.delete or plan.leftover or starting
        return not busy and not plan.asks_routers and self.cluster.all_is_known()

    # -- what must hold ----------------------------------------------------------------------------------

    def every_request_finds_an_answer(self) -> None:
        """At every router that is not cut off from the API server, in every variant that may be drawn."""
        for pod in self.cluster.pods.values():
            if not pod.routes or pod.frozen:
                continue
            assert pod.table is not None
            drawn = [self.addresses(pod, item) for item in pod.table.variants if item.weight > 0]
            # A router that can't be asked holds up no cut-over; until the news reach it, it may know nobody.
            assert any(drawn) or not pod.reachable, (pod, pod.table)
            for name in {name for names in drawn for name in names}:
                assert name in self.cluster.pods, f"{pod.name} sends requests to {name}, which is gone"
                assert self.cluster.pods[name].ready

    def addresses(self, pod: simulation.Pod, variant: route_table.Variant) -> frozenset[str]:
        """Where a router sends a variant's requests: to backends of weight 0 only if there are no others."""
        for is_active in (True, False):
            found: frozenset[str] = frozenset()
            for backend in variant.backends:
                if (backend.weight > 0) is is_active:
                    found |= pod.seen.get(backend.service or "", frozenset())
            if found:
                return found
        return frozenset()

    def no_router_names(self, revision: str) -> None:
        """Not even one that cannot be asked; and the last that did let go a drain interval ago."""
        drained = self.cluster.let_go.get(revision, 0.0) + simulation.DRAIN
        assert self.cluster.now >= drained, f"{revision} is deleted before {drained}"
        for pod in self.cluster.pods.values():
            if pod.routes:
                named = {place.service for place in routing.named(pod.table)}
                assert revision not in named, f"{revision} is deleted while {pod} names it"

    def nothing_wanted_is_deleted(self, plan: plans.Plan) -> None:
        """Neither of what serves nor of what comes, and so no revision that both have."""
        used = {variant.revision for item in (plan.serving, plan.coming) if item for variant in item.variants}
        assert not used.intersection(plan.delete)
        assert used <= set(plan.wanted)

    def weights_alone_change_no_pod(self, seen: observed.Observed, plan: plans.Plan) -> None:
        """A plan for other weights wants the same pods; it may only put off the end of old ones."""
        spec = seen.endpoint.spec.model_copy(update={"weights": {"A": 5.0, "B": 0.0}})
        endpoint = dataclasses.replace(seen.endpoint, spec=spec)
        patched = cutover.plan(
            dataclasses.replace(seen, endpoint=endpoint), self.cluster.known[self.cluster.asked]
        )
        assert patched.wanted == plan.wanted
        assert patched.scale == plan.scale
        assert patched.leftover == plan.leftover

    def successor_is_ready(self) -> None:
        """The roll-out that took over has all the pods that it needs, and routers know them."""
        stored = self.cluster.known[str(self.cluster.serving)]
        counts = weights.counts(stored, self.cluster.counts)
        for variant in stored.variants:
            ready = [pod for pod in self.cluster.live_pods(variant.revision) if pod.ready]
            assert len(ready) >= counts[variant.variant_name]
            if counts[variant.variant_name] > 0:
                self.routers_know_the_successor(variant.revision)

    def routers_know_the_successor(self, revision: str) -> None:
        """Those that could be asked."""
        for pod in self.cluster.pods.values():
            if pod.routes and isinstance(self.cluster.reports.get(pod.name), router_report.RouterReport):
                assert pod.seen.get(revision), f"{pod.name} knows no pod of {revision}"

    def status_tells_the_truth(self, seen: observed.Observed, plan: plans.Plan) -> None:
        """It claims no weight that a router does not apply, and says the same when nothing has changed."""
        self.status = summary.build(seen, plan, self.status)
        assert summary.build(seen, plan, self.status) == self.status
        conditions = {item["type"]: item["status"] for item in self.status["conditions"]}
        routers = [pod for pod in self.cluster.pods.values() if pod.routes]
        if conditions["WeightsApplied"] == verdict.TRUE:
            assert all(pod.table == self.cluster.table for pod in routers)
        if conditions["Serving"] == verdict.TRUE:
            assert routers

    def what_is_asked_for_is_there(self) -> None:
        """After all: the config that can serve serves, with the weights of the spec, and nothing else is left."""
        cluster = self.cluster
        asked = cluster.known[cluster.asked]
        can_serve = not cluster.broken.intersection(variant.revision for variant in asked.variants)
        if can_serve and not weights.all_zero(weights.weights(asked, cluster.weights)):
            assert cluster.serving == asked.name
        serving = cluster.known[str(cluster.serving)]
        split = weights.weights(serving, cluster.weights)
        assert cluster.table is not None
        if not weights.all_zero(split):
            assert routing.last_split(cluster.table) == split
        assert set(cluster.deployments) == {
            variant.revision for item in (serving, asked) for variant in item.variants
        }
        assert all(pod.table == cluster.table for pod in cluster.pods.values() if pod.routes)


class RoughWalk(Walk):
    """Pods crash, variants are scaled to nothing: requests may fail, but nothing is deleted in use and all heals."""

    def user_changes_counts(self) -> None:
        """Also to zero."""
        names = self.chance.sample(["A", "B", "C", "D", "a"], self.chance.randint(0, 3))
        self.cluster.counts = {name: self.chance.randint(0, 3) for name in names}

    def pod_is_evicted(self) -> None:
        """Any pod loses its model server for a while, or goes."""
        for pod in list(self.cluster.pods.values()):
            if pod.ready and pod.ends_at is None and self.chance.random() < 0.4:
                if self.chance.random() < 0.5:
                    pod.ready, pod.ready_at = False, self.cluster.now + 5 * self.chance.random()
                else:
                    self.cluster.end(pod)
                    self.cluster.heal(pod.revision)

    def every_request_finds_an_answer(self) -> None:
        """Not promised here."""

    def routers_know_the_successor(self, revision: str) -> None:
        """What they knew may have crashed since they were asked."""


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("kind", [Walk, RoughWalk])
def test_no_walk_ever_loses_a_request_or_a_pod_in_use(block: int, kind: type[Walk]) -> None:
    cut_overs = deletions = 0
    for seed in range(block * WALKS, (block + 1) * WALKS):
        walk = kind(seed)
        try:
            walk.run()
        except AssertionError as exc:
            raise AssertionError(f"walk {seed}: {exc}") from exc
        cut_overs += walk.cut_overs
        deletions += walk.deletions
    # The walks must have gone where it is dangerous, or their silence proves nothing.
    assert cut_overs >= WALKS // 2
    assert deletions > WALKS
