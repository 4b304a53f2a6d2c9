import prometheus_client

from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.metrics import Metrics

CHURN = Key("shop", "churn")


def text(metrics: Metrics) -> str:
    return prometheus_client.generate_latest(metrics.registry).decode()


def test_an_endpoint_has_one_line_of_information_and_none_when_it_is_gone() -> None:
    metrics = Metrics()
    metrics.show_endpoint(CHURN, "churn-1", "Creating")
    metrics.show_endpoint(CHURN, "churn-1", "InService")
    lines = [line for line in text(metrics).splitlines() if line.startswith("pointsman_endpoint_info{")]
    assert lines == [
        'pointsman_endpoint_info{config="churn-1",endpoint="churn",namespace="shop",status="InService"} 1.0'
    ]
    metrics.forget_endpoint(CHURN)
    metrics.forget_endpoint(CHURN)
    assert "pointsman_endpoint_info{" not in text(metrics)


def test_looks_are_counted_by_result() -> None:
    metrics = Metrics()
    metrics.count_reconcile("done", 0.1)
    metrics.count_reconcile("retry", 0.1)
    metrics.count_reconcile("done", 0.1)
    assert 'pointsman_reconcile_total{result="done"} 2.0' in text(metrics)
    assert "pointsman_reconcile_seconds_count 3.0" in text(metrics)


def test_a_standby_shows_no_endpoint_and_does_not_lead() -> None:
    metrics = Metrics()
    metrics.set_leading(True)
    metrics.show_endpoint(CHURN, "churn-1", "InService")
    metrics.set_leading(False)
    metrics.forget_endpoints()
    assert "pointsman_operator_is_leading 0.0" in text(metrics)
    assert "pointsman_endpoint_info{" not in text(metrics)
