import pydantic
import pytest

from endpoint_operator.api import status

CONDITION = {
    "type": "Ready",
    "status": "True",
    "observedGeneration": 7,
    "lastTransitionTime": "2026-11-22T00:00:00Z",
    "reason": "AllReady",
    "message": "",
}
VARIANT = {
    "variantName": "Variant1",
    "currentWeight": 0.25,
    "desiredWeight": 0.25,
    "currentInstanceCount": 2,
    "desiredInstanceCount": 2,
    "variantStatus": [{"status": "Updating", "statusMessage": "m", "startTime": "2026-11-22T00:00:00Z"}],
    "deployedImages": [{"specifiedImage": "a:1", "resolvedImage": "a@sha256:0"}],
    "model": {"dataUrl": "s3://a", "eTag": "e", "sha256": "0" * 64},
}
STATUS = {
    "observedGeneration": 7,
    "endpointStatus": "InService",
    "endpointConfigName": "churn-1",
    "url": "http://churn.default.svc",
    "weights": "Variant1=25% Variant2=75%",
    "variants": "2/2",
    "failureReason": "",
    "productionVariants": [VARIANT],
    "conditions": [CONDITION],
}


def test_the_names_on_the_wire_are_sagemakers() -> None:
    parsed = status.EndpointStatus.model_validate({**STATUS, "extra": 1})
    assert parsed.model_dump(mode="json", by_alias=True) == STATUS


@pytest.mark.parametrize("word", ["Ready", "inservice", ""])
def test_the_state_is_one_of_sagemakers_words(word: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="endpointStatus"):
        status.EndpointStatus.model_validate({**STATUS, "endpointStatus": word})


def test_a_message_has_a_limit_that_its_writer_must_keep() -> None:
    too_long = {**CONDITION, "message": "m" * (status.MAX_MESSAGE + 1)}
    with pytest.raises(pydantic.ValidationError, match="message"):
        status.EndpointStatus.model_validate({**STATUS, "conditions": [too_long]})
