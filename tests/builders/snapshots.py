"""Snapshots that read: ``an_endpoint().with_variant("A", weight=90).ready().observed()``.

Every step gives a new builder. Revisions are named ``<variant>-<model>``, so that the same variant with the
same model is the same revision in any roll-out.
"""

import dataclasses
from typing import Any, Self

from endpoint_contract import route_table, router_report
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.desired import roll_out
from endpoint_operator.rollout import observed, routing

NOW = 1_800_000_000.0


def revision(variant: str, model: str = "1") -> str:
    """The revision of a variant that serves ``model``."""
    return f"{variant}-{model}"


@dataclasses.dataclass(frozen=True, slots=True)
class RollOut:
    """A stored roll-out under construction."""

    config: str
    number: int = 1
    variants: tuple[roll_out.StoredVariant, ...] = ()

    def with_variant(self, name: str, *, weight: float = 1.0, count: int = 1, model: str = "1") -> Self:
        """Add a variant; ``model`` tells its revision."""
        variant = roll_out.StoredVariant(
            variant_name=name,
            initial_variant_weight=weight,
            initial_instance_count=count,
            revision=revision(name, model),
            template={},
            images=roll_out.Images(model="pointsman/xgboost:1", loader="loader:1", router="router:1"),
            data_url=f"s3://models/{name}/{model}.tar.gz",
        )
        return dataclasses.replace(self, variants=(*self.variants, variant))

    def stored(self) -> roll_out.StoredRollOut:
        """The finished roll-out."""
        name = f"churn-{self.config}"
        return roll_out.StoredRollOut(name, self.config, self.config, self.number, self.variants)


def a_roll_out(config: str, *, number: int = 2) -> RollOut:
    """A roll-out of the EndpointConfig called ``config``, without variants yet."""
    return RollOut(config, number)


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint under construction, with what is in the cluster for it."""

    serving: RollOut
    seen: observed.Observed
    coming: roll_out.StoredRollOut | None = None

    def with_variant(self, name: str, *, weight: float = 1.0, count: int = 1, model: str = "1") -> Self:
        """Add a variant to the roll-out that serves (or comes first)."""
        return self._with(serving=self.serving.with_variant(name, weight=weight, count=count, model=model))

    def asks(self, **spec: Any) -> Self:
        """Change the spec: ``weights``, ``instance_counts``, ``endpoint_config_name``."""
        endpoint = self.seen.endpoint
        changed = endpoint_kind.EndpointSpec.model_validate({**endpoint.spec.model_dump(), **spec})
        return self.seeing(endpoint=dataclasses.replace(endpoint, spec=changed))

    def seeing(self, **changes: Any) -> Self:
        """Replace fields of the snapshot."""
        return self._with(seen=dataclasses.replace(self.seen, **changes))

    def after(self, seconds: float) -> Self:
        """The same, later."""
        return self.seeing(now=self.seen.now + seconds)

    def first(self) -> Self:
        """The roll-out is the endpoint's first and nothing exists yet."""
        return self._with(coming=self.serving.stored())

    def ready(self) -> Self:
        """The roll-out serves: table written long ago, all pods ready, every router runs the table."""
        stored = self.serving.stored()
        split = {item.variant_name: item.initial_variant_weight for item in stored.variants}
        table = route_table.RouteTable("churn", 7, routing.variants(routing.places(stored), split, ()))
        built = self.seeing(
            roll_outs=(stored,), serving_name=stored.name, table=table, backends_since=NOW - 3600
        )
        for variant in stored.variants:
            built = built.with_pods(variant, variant.initial_instance_count)
        return built._with(coming=stored).heard()

    def rolling_out(self, coming: RollOut) -> Self:
        """The spec names another config, whose roll-out is stored."""
        stored = coming.stored()
        changed = self.asks(endpoint_config_name=coming.config)
        return changed.seeing(roll_outs=(*self.seen.roll_outs, stored))._with(coming=stored)

    def with_pods(self, variant: roll_out.StoredVariant, count: int) -> Self:
        """Deployment, Service and ``count`` ready pods of a revision that did not exist."""
        name = variant.revision
        pods = tuple(
            observed.PodState(
                f"{name}-{index}",
                name,
                variant.variant_name,
                ip=f"10.0.0.{index}",
                ready=True,
                has_router=True,
            )
            for index in range(count)
        )
        return self.seeing(
            deployments={**self.seen.deployments, name: observed.DeploymentState(count, count, count)},
            services=self.seen.services | {name},
            pods=(*self.seen.pods, *pods),
        )

    def with_coming_pods(self, count: int = 1) -> Self:
        """All revisions of the coming roll-out that are new get ``count`` ready pods."""
        assert self.coming is not None
        built = self
        for variant in self.coming.variants:
            if variant.revision not in built.seen.deployments:
                built = built.with_pods(variant, count)
        return built

    def failing(self, name: str, failure: observed.Failure) -> Self:
        """Exactly one pod of that revision, which is not ready for a reason."""
        others = tuple(pod for pod in self.seen.pods if pod.revision != name)
        pod = observed.PodState(f"{name}-0", name, name.split("-")[0], failure=failure)
        state = observed.DeploymentState(1, 0, 1)
        return self.seeing(
            pods=(*others, pod),
            deployments={**self.seen.deployments, name: state},
            services=self.seen.services | {name},
        )

    def written(self, table: route_table.RouteTable | None, serving: str | None = None) -> Self:
        """The table in the cluster is this one; routers don't have it yet."""
        return self.seeing(table=table, serving_name=serving or self.seen.serving_name)

    def heard(
        self, table: route_table.RouteTable | None = None, *, blind: frozenset[str] = frozenset()
    ) -> Self:
        """Every router reports ``table`` (the present one) and sees all pods but those of ``blind`` revisions."""
        runs = table or self.seen.table
        assert runs is not None
        addresses: dict[str, int] = {}
        for pod in self.seen.pods:
            if pod.ready and pod.revision not in blind:
                addresses[pod.revision] = addresses.get(pod.revision, 0) + 1
        report = router_report.RouterReport(runs, addresses)
        return self.seeing(reports={pod.name: report for pod in self.seen.routers})

    def with_report(self, pod: str, answer: observed.RouterAnswer) -> Self:
        """One router says something else."""
        return self.seeing(reports={**self.seen.reports, pod: answer})

    def observed(self) -> observed.Observed:
        """The finished snapshot."""
        return self.seen

    def _with(self, **changes: Any) -> Self:
        return dataclasses.replace(self, **changes)


def an_endpoint(config: str = "one") -> Endpoint:
    """The Endpoint ``churn`` that names ``config``, with nothing in the cluster yet."""
    spec = endpoint_kind.EndpointSpec(endpoint_config_name=config)
    kind = endpoint_kind.Endpoint("churn", "default", "uid-1", 1, {}, spec)
    return Endpoint(a_roll_out(config, number=1), observed.Observed(endpoint=kind, now=NOW))


TWO = an_endpoint("one").with_variant("A", weight=1.0).with_variant("B", weight=3.0)
"""Two variants, of which B gets three quarters of the requests."""

NEW_MODEL = (
    a_roll_out("two").with_variant("A", weight=1.0).with_variant("B", weight=1.0, model="2").with_variant("C")
)
"""What comes after `TWO`: A with the same pods, B with another model, and C."""
