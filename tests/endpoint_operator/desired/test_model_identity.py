import dataclasses

import pytest

from endpoint_contract import model_identity as identities
from endpoint_operator.desired import model_identity, owner

OWNER = owner.Owner(name="churn", namespace="team", uid="1")
IDENTITY = identities.ModelIdentity("s3://a", e_tag="e", sha256="0" * 64, size_bytes=12)


def test_what_is_written_is_read_again_from_where_the_loader_looks() -> None:
    written = model_identity.config_map(OWNER, revision="churn-a-1", variant="A", identity=IDENTITY)
    assert written["metadata"]["name"] == "churn-a-1"
    assert list(written["data"]) == ["identity.json"]
    assert model_identity.read(written) == IDENTITY


@pytest.mark.parametrize(
    "damage",
    [
        {"data": {}},
        {"data": {"identity.json": identities.render(dataclasses.replace(IDENTITY, sha256="1" * 64))}},
        {"metadata": {"annotations": {model_identity.COPY: "{}"}}},
        {"metadata": {}},
    ],
    ids=["data emptied", "data changed", "copy damaged", "made without a copy"],
)
def test_what_somebody_changed_is_still_known(damage: dict[str, object]) -> None:
    written = model_identity.config_map(OWNER, revision="churn-a-1", variant="A", identity=IDENTITY)
    assert model_identity.read({**written, **damage}) == IDENTITY


@pytest.mark.parametrize("observed", [{}, {"data": None}, {"data": {"identity.json": "{}"}}], ids=repr)
def test_what_somebody_damaged_is_as_good_as_absent(observed: dict[str, object]) -> None:
    assert model_identity.read(observed) is None
