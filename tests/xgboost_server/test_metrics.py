"""The numbers of the server."""

import prometheus_client

from xgboost_server import booster, metrics


def test_what_happened_is_counted() -> None:
    counts = metrics.Metrics(booster.Summary("binary:logistic", "gbtree", 5))
    counts.predicted(3)
    counts.predicted(2000)
    counts.answered(200, 0.002)
    counts.answered(200, 0.0005)
    counts.answered(415, 99)
    lines = counts.render(prometheus_client.ProcessCollector(registry=None)).decode().splitlines()
    for line in (
        'xgboost_server_requests_total{code="200"} 2.0',
        'xgboost_server_requests_total{code="415"} 1.0',
        "xgboost_server_predictions_total 2003.0",
        'xgboost_server_batch_rows_bucket{le="2.0"} 0.0',
        'xgboost_server_batch_rows_bucket{le="4.0"} 1.0',
        'xgboost_server_batch_rows_bucket{le="+Inf"} 2.0',
        "xgboost_server_batch_rows_sum 2003.0",
        'xgboost_server_request_seconds_bucket{le="0.0005"} 1.0',
        "xgboost_server_request_seconds_count 3.0",
    ):
        assert line in lines
    assert any(line.startswith('xgboost_server_model_info{booster="gbtree"') for line in lines)
