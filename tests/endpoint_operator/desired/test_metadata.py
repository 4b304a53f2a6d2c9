from endpoint_operator.desired import metadata, owner

OWNER = owner.Owner(name="churn", namespace="team", uid="1")


def test_belongs_to_the_endpoint_in_its_namespace() -> None:
    document = metadata.of("thing", OWNER, {"a": "b"})
    assert (document["name"], document["namespace"], document["labels"]) == ("thing", "team", {"a": "b"})
    assert document["ownerReferences"] == [owner.reference(OWNER)]
    assert "annotations" not in document


def test_annotations_are_written_where_there_are_any() -> None:
    assert metadata.of("thing", OWNER, {}, annotations={"a": "b"})["annotations"] == {"a": "b"}
