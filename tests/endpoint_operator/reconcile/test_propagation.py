import prometheus_client

from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.metrics import Metrics
from endpoint_operator.reconcile.propagation import Propagation
from endpoint_operator.rollout.plan import RouterView

CHURN = Key("shop", "churn")
TABLE = (7, "digest")
BEHIND, ALL = RouterView(applied=("a",), behind=("b",)), RouterView(applied=("a", "b"))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def measured(metrics: Metrics) -> tuple[str, str]:
    lines = prometheus_client.generate_latest(metrics.registry).decode().splitlines()
    count, total = (
        next(line for line in lines if line.startswith(f"pointsman_weight_propagation_seconds_{name}"))
        for name in ("count", "sum")
    )
    return count.split()[1], total.split()[1]


def test_the_time_from_the_write_to_the_last_router_is_measured_once() -> None:
    metrics, clock = Metrics(), Clock()
    propagation = Propagation(metrics, clock)
    propagation.note(CHURN, TABLE, is_written=True, view=BEHIND)
    clock.now = 100.2
    propagation.note(CHURN, TABLE, is_written=False, view=BEHIND)
    clock.now = 100.5
    propagation.note(CHURN, TABLE, is_written=False, view=ALL)
    propagation.note(CHURN, TABLE, is_written=False, view=ALL)
    assert measured(metrics) == ("1.0", "0.5")


def test_a_table_written_before_there_was_a_router_is_not_measured() -> None:
    metrics, clock = Metrics(), Clock()
    propagation = Propagation(metrics, clock)
    propagation.note(CHURN, TABLE, is_written=True, view=RouterView())
    propagation.note(CHURN, TABLE, is_written=False, view=ALL)
    assert measured(metrics)[0] == "0.0"


def test_a_table_that_another_process_wrote_or_that_was_overtaken_is_not_measured() -> None:
    metrics, clock = Metrics(), Clock()
    propagation = Propagation(metrics, clock)
    propagation.note(CHURN, TABLE, is_written=False, view=ALL)
    propagation.note(CHURN, TABLE, is_written=True, view=BEHIND)
    propagation.note(CHURN, (8, "newer"), is_written=False, view=ALL)
    propagation.note(CHURN, None, is_written=False, view=ALL)
    propagation.note(CHURN, TABLE, is_written=False, view=ALL)
    assert measured(metrics)[0] == "0.0"
