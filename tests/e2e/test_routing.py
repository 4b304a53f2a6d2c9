"""One endpoint, two variants: how requests are shared, and what a client is told when it can't be served."""

import math
from collections import Counter
from typing import Any

import botocore.exceptions
import pytest

from tests.builders import figures
from tests.demo import traffic
from tests.e2e import endpoints, load

REQUESTS = 10_000


@pytest.fixture
def runtime(churn: endpoints.LiveEndpoint) -> Any:
    return traffic.client(churn.url())


@pytest.fixture(scope="module")
def scores(churn: endpoints.LiveEndpoint, row: str) -> dict[str, str]:
    """Each variant's own answer to the row, as text, asked by name."""
    runtime = traffic.client(churn.url())
    return {
        name: str(traffic.invoke(runtime, "churn", row, target=name)[1]) for name in ("Variant1", "Variant2")
    }


def weigh(churn: endpoints.LiveEndpoint, first: float, second: float) -> None:
    churn.patch({"weights": {"Variant1": first, "Variant2": second}})
    churn.wait_for_condition("WeightsApplied", "True")


@pytest.mark.parametrize("share", [0.5, 0.25], ids=["50/50", "25/75"])
async def test_the_split_follows_the_weights(
    churn: endpoints.LiveEndpoint, row: str, scores: dict[str, str], share: float, figure: figures.Figure
) -> None:
    weigh(churn, share, 1 - share)
    answers = await load.burst(churn.url(), row, REQUESTS)
    counts = Counter(variant for variant, _ in answers)
    sigma = math.sqrt(REQUESTS * share * (1 - share))
    figure(
        f"weights {share}/{1 - share}: {dict(counts)}, {(counts['Variant1'] - REQUESTS * share) / sigma:+.2f} sigma"
    )
    assert abs(counts["Variant1"] - REQUESTS * share) <= 5 * sigma
    assert {(variant, str(float(body))) for variant, body in answers} == set(scores.items())


async def test_weight_0_gets_no_request_at_all(
    churn: endpoints.LiveEndpoint, row: str, figure: figures.Figure
) -> None:
    weigh(churn, 0, 1)
    counts = Counter(variant for variant, _ in await load.burst(churn.url(), row, REQUESTS))
    figure(f"weights 0/1: {dict(counts)}")
    assert counts == {"Variant2": REQUESTS}


def test_naming_a_variant_beats_the_weights(churn: endpoints.LiveEndpoint, runtime: Any, row: str) -> None:
    weigh(churn, 0, 1)
    for name in ("Variant1", "Variant2"):
        served = {traffic.invoke(runtime, "churn", row, target=name)[0] for _ in range(100)}
        assert served == {name}


def test_the_variants_answer_differently(scores: dict[str, str]) -> None:
    assert scores["Variant1"] != scores["Variant2"]


def test_an_unknown_variant_is_a_typed_validation_error(runtime: Any, row: str) -> None:
    with pytest.raises(runtime.exceptions.ClientError) as caught:
        traffic.invoke(runtime, "churn", row, target="Variant3")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert isinstance(caught.value, runtime.exceptions.ValidationError)
    assert "Variant1" in str(caught.value)
    assert "Variant2" in str(caught.value)


def test_an_unknown_endpoint_name_is_a_typed_validation_error(runtime: Any, row: str) -> None:
    with pytest.raises(runtime.exceptions.ValidationError, match="nothing-here"):
        traffic.invoke(runtime, "nothing-here", row)


def test_a_row_with_text_is_a_typed_model_error(runtime: Any) -> None:
    with pytest.raises(runtime.exceptions.ModelError) as caught:
        traffic.invoke(runtime, "churn", "one,two,three")
    assert caught.value.response["OriginalStatusCode"] == 415


def test_a_variant_without_a_ready_pod_is_a_typed_503_and_never_another_variant(
    churn: endpoints.LiveEndpoint, runtime: Any, row: str
) -> None:
    weigh(churn, 1, 1)
    churn.patch({"instanceCounts": {"Variant1": 0}})
    churn.wait_until(lambda: not churn.pod_uids("Variant1"), "Variant1 has no pod")
    churn.wait_until(lambda: _code(runtime, row, "Variant1") == 503, "targeted requests get 503")
    with pytest.raises(runtime.exceptions.ServiceUnavailable):
        traffic.invoke(runtime, "churn", row, target="Variant1")
    assert traffic.invoke(runtime, "churn", row)[0] == "Variant2"
    degraded = churn.wait_for_condition("Degraded", "True")
    assert "Variant1" in degraded["message"]
    churn.patch({"instanceCounts": {"Variant1": None}})
    churn.wait_until_ready()
    churn.wait_until(lambda: _code(runtime, row, "Variant1") == 200, "it has healed by itself", timeout=5)


def _code(runtime: Any, row: str, target: str) -> int:
    try:
        traffic.invoke(runtime, "churn", row, target=target)
    except botocore.exceptions.ClientError as exc:
        return int(exc.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200
