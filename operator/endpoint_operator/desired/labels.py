"""The sets of labels on an endpoint's objects, built from the words in `endpoint_contract.labels`."""

from endpoint_contract import labels


def endpoint(name: str) -> dict[str, str]:
    """On every object of an endpoint."""
    return {labels.MANAGED_BY: labels.MANAGER, labels.ENDPOINT: name}


def revision(endpoint_name: str, *, variant: str, revision: str) -> dict[str, str]:
    """On every object of one variant revision."""
    return {**endpoint(endpoint_name), labels.VARIANT: variant, labels.REVISION: revision}


def selector(name: str) -> str:
    """The label selector that finds all objects of an endpoint."""
    return f"{labels.MANAGED_BY}={labels.MANAGER},{labels.ENDPOINT}={name}"
