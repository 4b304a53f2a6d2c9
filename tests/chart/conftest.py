import pytest

from tests.chart import chart
from tests.cluster import access


@pytest.fixture(scope="session")
def helm() -> chart.Helm:
    """The pinned Helm of the cluster harness, built once and cached."""
    return chart.Helm(access.helm_program())


@pytest.fixture(scope="session")
def rendered(helm: chart.Helm) -> chart.Objects:
    """What an installation without any settings makes."""
    return helm.render()
