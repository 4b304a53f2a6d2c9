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


def test_what_is_remembered_beside_a_roll_out_is_read_again() -> None:
    known = {"churn-a-1": IDENTITY, "churn-b-1": dataclasses.replace(IDENTITY, sha256="1" * 64)}
    annotations = {model_identity.REMEMBERED: model_identity.remembrance(known)}
    assert model_identity.remembered({"metadata": {"annotations": annotations}}) == known


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"churn-a-1": {}}', '{"churn-a-1": null}', "[" * 100_000]
)
def test_a_remembrance_that_somebody_damaged_is_as_good_as_none(text: str) -> None:
    stored = {"metadata": {"annotations": {model_identity.REMEMBERED: text}}}
    assert model_identity.remembered(stored) == {}
    assert model_identity.remembered({"metadata": {}}) == {}


@pytest.mark.parametrize("observed", [{}, {"data": None}, {"data": {"identity.json": "{}"}}], ids=repr)
def test_what_somebody_damaged_is_as_good_as_absent(observed: dict[str, object]) -> None:
    assert model_identity.read(observed) is None
