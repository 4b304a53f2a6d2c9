"""No text of others makes a status that the API server refuses."""

import dataclasses

import pytest

from endpoint_contract import model_identity
from endpoint_operator.api import status as schema
from endpoint_operator.rollout import cutover, observed, reasons
from endpoint_operator.status import fitting, summary
from tests.builders import snapshots
from tests.builders.snapshots import a_roll_out, an_endpoint

LONG = 9000
ONE = an_endpoint("one").with_variant("A").ready()
REFUSED = observed.Failure(reasons.POD_CREATION_FAILED, "pods are forbidden: " + "x" * LONG)
SHORT_OF_PODS = observed.DeploymentState(1, 0, 1, failure=REFUSED)


def loaded(e_tag: str) -> tuple[observed.PodState, ...]:
    identity = model_identity.ModelIdentity("s3://models/A/1.tar.gz", e_tag, "ab" * 32, 10)
    return tuple(dataclasses.replace(pod, identity=identity, image_id="i" * LONG) for pod in ONE.seen.pods)


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(ONE.seeing(pods=(), deployments={"A-1": SHORT_OF_PODS}), id="what serves has no pods"),
        pytest.param(
            ONE.rolling_out(a_roll_out("two").with_variant("A", model="2")).seeing(
                deployments={**ONE.seen.deployments, "A-2": SHORT_OF_PODS}
            ),
            id="what comes gets no pods",
        ),
        pytest.param(ONE.seeing(pods=loaded("e" * LONG)), id="a store's mark and an image's name"),
        pytest.param(
            ONE.seeing(refusals=(observed.Refusal("Role", "churn-router", REFUSED),)), id="an object refused"
        ),
    ],
)
def test_the_longest_text_of_others_still_makes_a_status(endpoint: snapshots.Endpoint) -> None:
    seen = endpoint.observed()
    status = summary.build(seen, cutover.plan(seen, endpoint.coming), {})
    schema.EndpointStatus.model_validate(status)
    assert summary.build(seen, cutover.plan(seen, endpoint.coming), status) == status


def test_a_text_is_cut_where_its_own_field_ends_and_visibly() -> None:
    fitted = fitting.fit({"failureReason": "f" * LONG, "url": "u" * LONG, "weights": "A=100%"})
    assert {name: len(text) for name, text in fitted.items()} == {
        "failureReason": schema.MAX_MESSAGE,
        "url": 2048,
        "weights": 6,
    }
    assert fitted["url"].endswith("u…")


def test_numbers_and_lists_stay_as_they_are() -> None:
    status = {"observedGeneration": 7, "productionVariants": [{"variantName": "A", "currentWeight": 0.5}]}
    assert fitting.fit(status) == status
