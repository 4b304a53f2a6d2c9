"""What the operator makes for an Endpoint on a real API server, and keeps so."""

from functools import partial
from pathlib import Path

import pytest

import tests.cluster
from endpoint_operator.cluster import errors, kinds
from tests.builders import live_operator, manifests
from tests.builders.worlds import World

pytestmark = pytest.mark.integration

MADE = (
    kinds.SERVICE_ACCOUNT,
    kinds.ROLE,
    kinds.ROLE_BINDING,
    kinds.CONFIG_MAP,
    kinds.CONTROLLER_REVISION,
    kinds.SERVICE,
    kinds.DEPLOYMENT,
)


async def versions(world: World) -> dict[str, str]:
    """The resourceVersion of everything that was made."""
    return {
        f"{kind.plural}/{item['metadata']['name']}": item["metadata"]["resourceVersion"]
        for kind in MADE
        for item in await world.children(kind)
    }


async def test_everything_is_made_owned_by_the_endpoint_and_then_left_alone(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path) as operator:
        await world.config("churn-1", Variant1=0.5, Variant2=0.5)
        await world.endpoint(config="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 2)
        await world.until_condition("Serving", "False", "NoReadyPod")
        owner = (await world.get(kinds.ENDPOINT, "churn"))["metadata"]["uid"]
        for kind in MADE:
            for item in await world.children(kind):
                references = item["metadata"]["ownerReferences"]
                assert [(one["uid"], one["controller"]) for one in references] == [(owner, True)], kind
        assert {kind: len(await world.children(kind)) for kind in MADE} == {
            kinds.SERVICE_ACCOUNT: 1,
            kinds.ROLE: 1,
            kinds.ROLE_BINDING: 1,
            kinds.CONFIG_MAP: 1,
            kinds.CONTROLLER_REVISION: 1,
            kinds.SERVICE: 3,
            kinds.DEPLOYMENT: 2,
        }
        await live_operator.until(partial(are_settled, world))
        before = await looked_again(world)
        after = await looked_again(world)
        assert before == after
        assert "putting back" not in operator.log.read_text()
        assert "Traceback" not in operator.log.read_text()


async def are_settled(world: World) -> bool:
    """Whether Kubernetes' own controller has told in the Deployments' status all that it will tell."""
    found = [item.get("status") or {} for item in await world.children(kinds.DEPLOYMENT)]
    return all(
        (status.get("updatedReplicas"), status.get("unavailableReplicas")) == (1, 1) for status in found
    )


async def looked_again(world: World) -> tuple[dict[str, str], str]:
    """The versions of all, after the operator has surely looked once more: a deleted object is back."""
    await world.delete(kinds.ROLE_BINDING, "churn-router")
    await world.until_count(kinds.ROLE_BINDING, 1)
    found = {name: version for name, version in (await versions(world)).items() if "rolebinding" not in name}
    endpoint = await world.get(kinds.ENDPOINT, "churn")
    return found, str(endpoint["metadata"]["resourceVersion"])


async def test_what_others_change_delete_or_add_is_put_back(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        (deployment,) = await world.until_count(kinds.DEPLOYMENT, 1)
        name = deployment["metadata"]["name"]
        template = deployment["spec"]["template"]

        async def is_restored() -> bool:
            now = await world.get(kinds.DEPLOYMENT, name)
            return bool(now["spec"]["template"] == template and now["spec"]["replicas"] == 1)

        foreign = {"name": "sidecar", "image": "example.test/sidecar"}
        containers = [*template["spec"]["containers"], foreign]
        await world.patch(
            kinds.DEPLOYMENT, name, {"spec": {"template": {"spec": {"containers": containers}}}}
        )
        await live_operator.until(is_restored)
        await world.patch(kinds.DEPLOYMENT, name, {"spec": {"replicas": 3}})
        await live_operator.until(is_restored)
        labels = {"metadata": {"labels": {"pointsman.dev/variant": "other"}}}
        await world.patch(kinds.SERVICE, name, labels)

        async def is_labelled() -> bool:
            found = await world.get(kinds.SERVICE, name)
            return bool(found["metadata"]["labels"]["pointsman.dev/variant"] == "Variant1")

        await live_operator.until(is_labelled)
        await world.delete(kinds.SERVICE, "churn")
        await world.until_count(kinds.SERVICE, 2)


async def test_a_foreign_object_of_a_needed_name_is_left_alone_and_named_in_the_status(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "churn"},
        "spec": {"ports": [{"port": 1234}], "selector": {"app": "somebody"}},
    }
    await world.create(kinds.SERVICE, foreign)
    before = await world.get(kinds.SERVICE, "churn")
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        await world.until_condition("Degraded", "True", "NameConflict")
        await world.until_count(kinds.DEPLOYMENT, 1)
        assert await world.get(kinds.SERVICE, "churn") == before


async def test_a_misspelt_field_of_a_variant_is_refused_by_its_name_in_the_status(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        misspelt = manifests.variant("Variant1", affinity={"nodeAfinity": {}})
        await world.create(kinds.ENDPOINT_CONFIG, manifests.endpoint_config(misspelt, name="churn-1"))
        await world.endpoint(config="churn-1")
        await world.until_condition("Degraded", "True", "ObjectRefused")
        await world.until_condition("Progressing", "False", "ObjectRefused")
        status = await world.status()
        assert 'unknown field "spec.template.spec.affinity.nodeAfinity"' in status["failureReason"]
        assert status["endpointStatus"] == "Failed"
        assert not await world.children(kinds.DEPLOYMENT)


async def test_an_endpoint_deleted_while_no_operator_runs_takes_everything_with_it(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path) as operator:
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        await world.until_count(kinds.DEPLOYMENT, 1)
        assert await operator.stop() == 0
    endpoint = await world.get(kinds.ENDPOINT, "churn")
    assert "finalizers" not in endpoint["metadata"]
    await world.delete(kinds.ENDPOINT, "churn")
    with pytest.raises(errors.NotFoundError):
        await world.get(kinds.ENDPOINT, "churn")
    for kind in (*MADE, kinds.POD):
        await world.until_count(kind, 0)


async def test_an_endpoint_that_somebodys_finalizer_keeps_is_shown_as_deleting_and_left_alone(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        (deployment,) = await world.until_count(kinds.DEPLOYMENT, 1)
        await world.until_condition("Serving", "False", "NoReadyPod")
        await world.patch(kinds.ENDPOINT, "churn", {"metadata": {"finalizers": ["example.test/keep"]}})
        await world.delete(kinds.ENDPOINT, "churn")

        async def is_said() -> bool:
            return bool((await world.status())["endpointStatus"] == "Deleting")

        await live_operator.until(is_said)
        before = await versions(world)
        await world.delete(kinds.DEPLOYMENT, deployment["metadata"]["name"])
        await world.until_count(kinds.DEPLOYMENT, 0)
        del before[f"deployments/{deployment['metadata']['name']}"]
        assert await versions(world) == before
        await world.patch(kinds.ENDPOINT, "churn", {"metadata": {"finalizers": None}})
        for kind in MADE:
            await world.until_count(kind, 0)


async def test_kopf_leaves_no_trace_on_any_object(
    cluster: tests.cluster.Cluster, world: World, tmp_path: Path
) -> None:
    async with live_operator.running(cluster, world.namespace, tmp_path):
        await world.config("churn-1", Variant1=1.0)
        await world.endpoint(config="churn-1")
        await world.until_condition("Serving", "False")
        for kind in (kinds.ENDPOINT, kinds.ENDPOINT_CONFIG, *MADE):
            for item in await world.api.items(kind.path(world.namespace)):
                metadata = item["metadata"]
                assert not any("kopf" in name for name in metadata.get("annotations") or {})
                assert not metadata.get("finalizers")
