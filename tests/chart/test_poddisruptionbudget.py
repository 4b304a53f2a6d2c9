"""poddisruptionbudget.yaml."""

from tests.chart import chart


def test_a_single_operator_never_holds_up_the_draining_of_its_node(rendered: chart.Objects) -> None:
    assert rendered.of_kind("PodDisruptionBudget") == []


def test_of_several_operators_one_may_be_away(helm: chart.Helm) -> None:
    objects = helm.render({"replicas": 2})
    budget = objects.one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == objects.one("Deployment")["spec"]["selector"]
