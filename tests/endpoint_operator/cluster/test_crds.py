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
            await crds.tell_of_outdated(cluster)
    assert "endpoints.pointsman.dev" in caplog.text
    assert "kubectl apply" in caplog.text


async def test_without_the_right_to_read_definitions_one_line_says_how_to_compare_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with api_server.running() as (server, cluster):
        for name in crd.schema_revisions():
            server.faults[f"GET {DEFINITIONS}/{name}"] = 403
        with caplog.at_level(logging.INFO, logger=crds.__name__):
            await crds.tell_of_outdated(cluster)
    (said,) = (record for record in caplog.records if record.name == crds.__name__)
    assert said.levelno == logging.INFO
    for name, revision in crd.schema_revisions().items():
        assert f"{name} {revision}" in said.getMessage()
    names = " ".join(crd.schema_revisions())
    assert f"kubectl get crd {names} -o custom-columns=" in said.getMessage()
    assert r".metadata.annotations.pointsman\.dev/schema-revision" in said.getMessage()


async def test_nothing_is_said_of_definitions_that_are_not_there(caplog: pytest.LogCaptureFixture) -> None:
    async with api_server.running() as (_, cluster):
        with caplog.at_level(logging.INFO, logger=crds.__name__):
            await crds.tell_of_outdated(cluster)
    assert [record for record in caplog.records if record.name == crds.__name__] == []
