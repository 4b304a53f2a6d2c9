"""serviceaccount.yaml."""

from tests.chart import chart


def test_the_operator_runs_under_an_account_of_its_own(rendered: chart.Objects) -> None:
    account = rendered.one("ServiceAccount")
    pod = rendered.one("Deployment")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == account["metadata"]["name"] == "pointsman-operator"


def test_only_pods_that_ask_for_the_token_get_it(rendered: chart.Objects) -> None:
    assert rendered.one("ServiceAccount")["automountServiceAccountToken"] is False
    assert rendered.one("Deployment")["spec"]["template"]["spec"]["automountServiceAccountToken"] is True


def test_it_can_be_annotated(helm: chart.Helm) -> None:
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}
    account = helm.render({"serviceAccount": {"annotations": annotations}}).one("ServiceAccount")
    assert account["metadata"]["annotations"] == annotations
