from endpoint_operator.desired import labels


def test_every_object_is_found_by_the_selector_of_its_endpoint() -> None:
    on_revision = labels.revision("churn", variant="A", revision="churn-a-1")
    wanted = dict(part.split("=") for part in labels.selector("churn").split(","))
    assert wanted.items() <= labels.endpoint("churn").items()
    assert wanted.items() <= on_revision.items()
