import logging

import pytest

from endpoint_operator.api import crd
from endpoint_operator.cluster import crds
from tests.builders import api_server

GROUP = "/apis/pointsman.dev/v1alpha1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def test_kinds_are_served_only_when_both_are() -> None:
    async with api_server.running() as (server, cluster):
        assert not await crds.are_served(cluster)
        server.put(GROUP, {"resources": [{"name": "endpoints"}, {"name": "endpoints/status"}]})
        assert not await crds.are_served(cluster)
        server.put(GROUP, {"resources": [{"name": "endpoints"}, {"name": "endpointconfigs"}]})
        assert await crds.are_served(cluster)
        server.is_down = True
        assert not await crds.are_served(cluster)


async def test_an_older_schema_is_named_with_the_command_that_helps(caplog: pytest.LogCaptureFixture) -> None:
    async with api_server.running() as (server, cluster):
        for document in crd.documents():
            server.put(f"{DEFINITIONS}/{document['metadata']['name']}", document)
        assert await crds.outdated(cluster) == []
        server.objects[f"{DEFINITIONS}/endpoints.pointsman.dev"]["metadata"]["annotations"] = {}
        with caplog.at_level(logging.WARNING):
            await crds.warn_of_outdated(cluster)
    assert "endpoints.pointsman.dev" in caplog.text
    assert "kubectl apply" in caplog.text


async def test_without_the_right_to_read_definitions_nothing_is_said() -> None:
    async with api_server.running() as (server, cluster):
        for name in ("endpoints.pointsman.dev", "endpointconfigs.pointsman.dev"):
            server.faults[f"GET {DEFINITIONS}/{name}"] = 403
        assert await crds.outdated(cluster) == []
