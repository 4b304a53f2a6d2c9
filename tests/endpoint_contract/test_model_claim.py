import re

import pytest

from endpoint_contract import model_claim


@pytest.mark.parametrize(
    ("url", "claim", "path"),
    [
        ("pvc://models/churn/1/model.tar.gz", "models", "churn/1/model.tar.gz"),
        ("pvc://models.v2-b/churn/", "models.v2-b", "churn/"),
        ("pvc://m//a", "m", "a"),
    ],
)
def test_a_url_names_a_claim_and_a_path_on_it(url: str, claim: str, path: str) -> None:
    assert model_claim.of(url) == model_claim.ClaimedPath(claim=claim, path=path)


@pytest.mark.parametrize(
    "url",
    [
        "s3://models/a",
        "pvc://models",
        "pvc://models/",
        "pvc:///a",
        "pvc://Models/a",
        "pvc://-m/a",
        "pvc://m/a b",
    ],
)
def test_any_other_url_names_none(url: str) -> None:
    assert model_claim.of(url) is None


@pytest.mark.parametrize(
    "url", ["pvc://models/a", "pvc://m/", "pvc://-m/a", "pvc://m//a", "pvc://m//", f"pvc://{'m' * 254}/a"]
)
def test_the_schema_admits_what_the_programs_understand(url: str) -> None:
    assert bool(re.fullmatch(model_claim.URL_PATTERN, url)) == bool(model_claim.of(url))
