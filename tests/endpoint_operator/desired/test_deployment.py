from endpoint_operator.desired import deployment
from tests.builders import desired_objects, manifests


def test_is_named_as_its_revision_and_selects_its_pods_alone() -> None:
    rolled, belongs = desired_objects.rolled_out(manifests.variant())
    rendered = deployment.deployment(belongs, rolled.variants[0])
    revision = rolled.variants[0].revision
    assert rendered["metadata"]["name"] == revision
    assert rendered["spec"]["selector"]["matchLabels"] == {"pointsman.dev/revision": revision}
    assert rendered["spec"]["template"]["metadata"]["labels"]["pointsman.dev/revision"] == revision


def test_carries_the_stored_template_to_the_letter() -> None:
    rolled, belongs = desired_objects.rolled_out(desired_objects.full_variant())
    rendered = deployment.deployment(belongs, rolled.variants[0])
    assert rendered["spec"]["template"] == rolled.variants[0].template


def test_says_how_many_replicas_only_when_it_is_created() -> None:
    rolled, belongs = desired_objects.rolled_out(manifests.variant())
    assert "replicas" not in deployment.deployment(belongs, rolled.variants[0])["spec"]
    assert deployment.deployment(belongs, rolled.variants[0], replicas=0)["spec"]["replicas"] == 0


def test_never_takes_a_pod_away_before_another_is_ready() -> None:
    rolled, belongs = desired_objects.rolled_out(manifests.variant())
    strategy = deployment.deployment(belongs, rolled.variants[0])["spec"]["strategy"]
    assert strategy["rollingUpdate"]["maxUnavailable"] == 0
