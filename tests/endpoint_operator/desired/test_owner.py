from endpoint_operator.api import parse
from endpoint_operator.desired import owner
from tests.builders import manifests

OWNER = owner.Owner(name="churn", namespace="team", uid="1")


def test_an_endpoint_is_the_owner_of_its_objects() -> None:
    raw = manifests.endpoint()
    raw["metadata"].update(namespace="team", uid="1")
    assert owner.of(parse.endpoint(raw)) == OWNER


def test_the_reference_never_holds_up_the_endpoints_deletion() -> None:
    reference = owner.reference(OWNER)
    assert (reference["controller"], reference["blockOwnerDeletion"]) == (True, False)


def test_only_this_very_endpoint_owns_what_names_it_as_controller() -> None:
    mine = {"metadata": {"ownerReferences": [owner.reference(OWNER)]}}
    assert owner.owns(OWNER, mine)
    assert not owner.owns(owner.Owner(name="churn", namespace="team", uid="2"), mine)
    assert not owner.owns(OWNER, {"metadata": {"ownerReferences": [{"uid": "1", "controller": False}]}})
    assert not owner.owns(OWNER, {"metadata": {}})
