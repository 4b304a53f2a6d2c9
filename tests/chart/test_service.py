"""service.yaml."""

from tests.chart import chart


def test_it_leads_to_the_operators_http_port(rendered: chart.Objects) -> None:
    service = rendered.one("Service")["spec"]
    assert service["ports"] == [{"name": "http", "port": 8080, "targetPort": "http"}]
    labels = rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()


def test_the_test_pod_is_not_among_its_pods(rendered: chart.Objects) -> None:
    selector = rendered.one("Service")["spec"]["selector"]
    assert not selector.items() <= rendered.one("Pod")["metadata"]["labels"].items()


def test_a_scraper_can_be_told_by_annotations(helm: chart.Helm) -> None:
    annotations = {"prometheus.io/scrape": "true"}
    service = helm.render({"service": {"annotations": annotations}}).one("Service")
    assert service["metadata"]["annotations"] == annotations
