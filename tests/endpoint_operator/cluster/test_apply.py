from typing import Any

import pytest

from endpoint_operator.cluster import apply, client, errors, kinds
from endpoint_operator.desired import owner, service
from tests.builders import api_server

OWNER = owner.Owner(name="churn", namespace="shop", uid="uid-of-churn")
PATH = "/api/v1/namespaces/shop/services/churn"


def a_service() -> Any:
    return service.endpoint_service(OWNER)


async def ensure(cluster: client.Client, server: api_server.ApiServer, path: str = PATH) -> None:
    await apply.ensure(cluster, kinds.SERVICE, a_service(), server.objects.get(path))


async def test_what_is_missing_is_posted_once_and_then_left_alone() -> None:
    async with api_server.running() as (server, cluster):
        await ensure(cluster, server)
        await ensure(cluster, server)
        assert server.writes() == ["POST /api/v1/namespaces/shop/services"]


async def test_more_than_is_kept_so_can_be_given_at_the_creation() -> None:
    async with api_server.running() as (server, cluster):
        creation = {**a_service(), "spec": {**a_service()["spec"], "sessionAffinity": "None"}}
        await apply.ensure(cluster, kinds.SERVICE, a_service(), None, creation=creation)
        assert server.objects[PATH]["spec"]["sessionAffinity"] == "None"


async def test_a_changed_field_is_applied_with_the_uid_that_was_read() -> None:
    async with api_server.running() as (server, cluster):
        await ensure(cluster, server)
        server.objects[PATH]["spec"]["selector"] = {"pointsman.dev/endpoint": "other"}
        await ensure(cluster, server)
        assert server.writes()[1:] == [f"PATCH {PATH}"]
        assert server.asked[-1].body["metadata"]["uid"] == server.objects[PATH]["metadata"]["uid"]
        assert server.objects[PATH]["spec"]["selector"] == a_service()["spec"]["selector"]


async def test_a_write_to_an_object_that_was_made_anew_meanwhile_is_refused() -> None:
    async with api_server.running() as (server, cluster):
        await ensure(cluster, server)
        stale = {**server.objects[PATH], "spec": {}}
        del server.objects[PATH]
        server.put(PATH, a_service())
        with pytest.raises(errors.ConflictError):
            await apply.mend(cluster, kinds.SERVICE, a_service(), stale)


@pytest.mark.parametrize(
    ("references", "error"),
    [
        pytest.param([], apply.NameTakenError, id="nobody's"),
        pytest.param(
            [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "y", "controller": True}],
            apply.NameTakenError,
            id="somebody else's",
        ),
        pytest.param(
            [
                {
                    "apiVersion": "pointsman.dev/v1alpha1",
                    "kind": "Endpoint",
                    "name": "churn",
                    "uid": "an-older-uid",
                    "controller": True,
                }
            ],
            errors.ConflictError,
            id="of an Endpoint of this name that was deleted",
        ),
    ],
)
async def test_what_belongs_to_others_is_never_written(references: Any, error: type[Exception]) -> None:
    async with api_server.running() as (server, cluster):
        server.put(PATH, {"metadata": {"ownerReferences": references}, "spec": {"selector": {"app": "x"}}})
        with pytest.raises(error):
            await apply.ensure(cluster, kinds.SERVICE, a_service(), None)
        assert server.objects[PATH]["spec"] == {"selector": {"app": "x"}}


async def test_our_own_object_without_its_labels_is_found_by_its_name_and_labelled_again() -> None:
    async with api_server.running() as (server, cluster):
        await ensure(cluster, server)
        server.objects[PATH]["metadata"]["labels"] = {}
        await apply.ensure(cluster, kinds.SERVICE, a_service(), None)
        assert server.objects[PATH]["metadata"]["labels"] == a_service()["metadata"]["labels"]


async def test_what_is_made_once_is_never_changed_and_never_taken_from_others() -> None:
    async with api_server.running() as (server, cluster):
        await apply.create_once(cluster, kinds.SERVICE, a_service())
        server.objects[PATH]["spec"]["selector"] = {"app": "first"}
        await apply.create_once(cluster, kinds.SERVICE, a_service())
        assert server.objects[PATH]["spec"]["selector"] == {"app": "first"}
        server.objects[PATH]["metadata"]["ownerReferences"] = []
        with pytest.raises(apply.NameTakenError):
            await apply.create_once(cluster, kinds.SERVICE, a_service())


def test_a_full_replace_keeps_replicas_addresses_and_the_version_it_was_read_at() -> None:
    desired: Any = {
        "metadata": {"labels": {"a": "1"}, "ownerReferences": [{"uid": "u"}]},
        "spec": {"template": {"spec": {"containers": [{"name": "model"}]}}},
    }
    observed = {
        "metadata": {
            "resourceVersion": "7",
            "labels": {"a": "2", "b": "3"},
            "managedFields": [{}],
            "ownerReferences": [],
        },
        "spec": {
            "replicas": 4,
            "template": {"spec": {"containers": [{"name": "model"}, {"name": "sidecar"}]}},
        },
        "status": {"readyReplicas": 4},
    }
    body = apply.replacement(desired, observed)
    assert body["spec"] == {"replicas": 4, **desired["spec"]}
    assert body["metadata"] == {
        "resourceVersion": "7",
        "labels": {"a": "1", "b": "3"},
        "ownerReferences": [{"uid": "u"}],
    }
    assert "status" not in body


async def test_replicas_go_through_the_scale_subresource_alone() -> None:
    async with api_server.running() as (server, cluster):
        path = "/apis/apps/v1/namespaces/shop/deployments/churn-a"
        found = server.put(path, {"spec": {"replicas": 1}})
        await apply.scale(cluster, found, 3)
        assert server.writes() == [f"PATCH {path}/scale"]
        assert server.asked[-1].body["spec"] == {"replicas": 3}


async def test_deleting_what_is_gone_or_another_one_by_now_does_nothing() -> None:
    async with api_server.running() as (server, cluster):
        old = server.put(PATH, a_service())
        await apply.delete(cluster, kinds.SERVICE, old)
        await apply.delete(cluster, kinds.SERVICE, old)
        server.put(PATH, a_service())
        await apply.delete(cluster, kinds.SERVICE, old)
        assert PATH in server.objects
