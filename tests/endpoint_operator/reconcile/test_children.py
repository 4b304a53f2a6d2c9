import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from endpoint_contract import model_identity
from endpoint_operator.reconcile.queue import TryLaterError
from tests.builders import manifests
from tests.endpoint_operator.reconcile.parts import APPS, CHURN, CORE, IDENTITY, RBAC, Parts, parts

TABLE = f"{CORE}/configmaps/churn-routes"


@asynccontextmanager
async def parts_before_a_cut_over() -> AsyncIterator[Parts]:
    """churn-1 serves, and churn-2 would take over with the next look."""
    async with parts() as made:
        await made.look()
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2")
        await made.look()
        made.make_ready()
        yield made


def ask_for_the_same_by_another_name(made: Parts, weights: dict[str, float]) -> None:
    """A config that serves with the pods that are there already: it takes over at the first look."""
    made.make_ready()
    made.put_first_config("churn-2")
    made.put_endpoint(config="churn-2", weights=weights)


def accounts(made: Parts) -> list[str]:
    binding = made.server.objects[f"{RBAC}/rolebindings/churn-router"]
    return [subject["name"] for subject in binding["subjects"]]


async def test_pods_that_serve_no_more_may_read_the_next_tables_until_they_are_gone() -> None:
    async with parts() as made:
        made.put_config(manifests.variant("A", serviceAccountName="of-a"))
        await made.look()
        made.put_pods()
        made.put_config(manifests.variant("C", serviceAccountName="of-c"), name="churn-2")
        made.put_endpoint(config="churn-2")
        await made.look()
        made.make_ready()
        for _ in range(2):
            await made.look()
            assert made.table.shares() == {"C": 1.0}
            assert accounts(made) == ["churn-router", "of-a", "of-c"]
        made.now += 60
        await made.look()
        await made.look()
        assert len(made.find("Deployment")) == 1
        assert accounts(made) == ["churn-router", "of-a", "of-c"]
        made.delete_pods()
        await made.look()
        assert accounts(made) == ["churn-router", "of-c"]


@pytest.mark.parametrize(("status", "reason"), [(422, "ObjectRefused"), (403, "ObjectForbidden")])
async def test_a_cut_over_whose_table_is_refused_is_claimed_by_nobody(status: int, reason: str) -> None:
    async with parts_before_a_cut_over() as made:
        made.server.faults[f"PUT {TABLE}"] = status
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.status["endpointConfigName"] == "churn-1"
        assert [item["variantName"] for item in made.status["productionVariants"]] == ["A", "B"]
        assert made.condition("Progressing") == ("False", reason)
        assert made.condition("Degraded") == ("True", reason)
        assert "ConfigServing" not in made.events
        assert made.marked == ["churn-1"]
        made.server.faults.clear()
        await made.look()
        assert made.status["endpointConfigName"] == "churn-2"
        assert "ConfigServing" in made.events
        assert made.marked == ["churn-2"]


@pytest.mark.parametrize("status", [403, 422])
async def test_what_serves_is_kept_whole_while_its_table_is_refused(status: int) -> None:
    async with parts() as made:
        await made.look()
        lost, _ = made.find("Deployment")
        del made.server.objects[f"{APPS}/deployments/{lost['metadata']['name']}"]
        made.put_endpoint(weights={"A": 1, "B": 1}, instanceCounts={"B": 3})
        made.server.faults[f"PUT {TABLE}"] = status
        with pytest.raises(TryLaterError):
            await made.look()
        assert sorted(item["spec"]["replicas"] for item in made.find("Deployment")) == [1, 3]
        assert made.table.shares() == {"A": 0.25, "B": 0.75}


async def test_nothing_goes_while_the_table_is_refused() -> None:
    async with parts_before_a_cut_over() as made:
        await made.look()
        made.now += 3600
        made.put_endpoint(config="churn-2", weights={"C": 5})
        made.server.faults[f"PUT {TABLE}"] = 422
        with pytest.raises(TryLaterError):
            await made.look()
        assert len(made.find("Deployment")) == 3
        assert len(made.find("ControllerRevision")) == 2


async def test_no_pod_starts_for_an_endpoint_that_can_have_no_table() -> None:
    async with parts() as made:
        made.server.faults[f"POST {CORE}/configmaps"] = 403
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.find("Deployment") == []


async def test_a_cut_over_whose_table_has_a_name_of_somebody_else_is_claimed_by_nobody() -> None:
    async with parts_before_a_cut_over() as made:
        made.server.put(TABLE, {"data": {"their": "own"}})
        assert await made.reconciler.work(CHURN) is not None
        assert made.server.objects[TABLE]["data"] == {"their": "own"}
        assert made.status["endpointConfigName"] == "churn-1"
        assert made.condition("Progressing") == ("False", "NameConflict")
        assert "ConfigServing" not in made.events
        assert made.marked == ["churn-1"]


async def test_a_first_roll_out_whose_table_has_a_name_of_somebody_else_has_failed() -> None:
    async with parts() as made:
        made.server.put(TABLE, {"data": {"their": "own"}})
        await made.look()
        assert made.status["endpointStatus"] == "Failed"
        assert made.status["endpointConfigName"] == ""
        assert "ConfigMap churn-routes exists" in made.status["failureReason"]


async def test_a_cut_over_whose_record_was_just_made_is_marked_once_the_table_says_so() -> None:
    async with parts() as made:
        await made.look()
        ask_for_the_same_by_another_name(made, {})
        made.server.faults[f"PUT {TABLE}"] = 422
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.marked == ["churn-1"]
        made.server.faults.clear()
        await made.look()
        assert made.marked == ["churn-2"]


@pytest.mark.parametrize("status", [403, 422, 500])
async def test_a_roll_out_that_can_not_be_stored_holds_up_nothing_of_what_serves(status: int) -> None:
    async with parts() as made:
        await made.look()
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2", weights={"A": 1, "B": 1}, instanceCounts={"A": 2})
        made.server.faults[f"POST {APPS}/controllerrevisions"] = status
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.table.shares() == {"A": 0.5, "B": 0.5}
        assert [item["spec"]["replicas"] for item in made.find("Deployment")] == [2, 1]
        assert made.status["endpointConfigName"] == "churn-1"
        assert made.condition("Progressing")[1] in ("RollingOut", "ObjectRefused", "ObjectForbidden")
        made.server.faults.clear()
        await made.look()
        assert len(made.find("Deployment")) == 3


async def test_why_a_roll_out_can_not_be_stored_is_told() -> None:
    async with parts() as made:
        await made.look()
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2")
        made.server.faults[f"POST {APPS}/controllerrevisions"] = 403
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.condition("Progressing") == ("False", "ObjectForbidden")
        assert made.condition("Degraded") == ("True", "ObjectForbidden")
        assert "churn-2 can't take over and churn-1 keeps serving" in made.status["failureReason"]


async def test_a_record_whose_name_somebody_else_holds_holds_up_no_weight() -> None:
    async with parts() as made:
        await made.look()
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2")
        await made.look()
        (coming,) = [item for item in made.find("ControllerRevision") if item["revision"] == 2]
        del coming["metadata"]["ownerReferences"]
        made.put_endpoint(config="churn-2", weights={"A": 1, "B": 1})
        written = await made.look()
        assert made.table.shares() == {"A": 0.5, "B": 0.5}
        assert made.condition("Degraded") == ("True", "NameConflict")
        assert not any(line.startswith("DELETE") for line in written)


async def test_a_take_over_that_can_not_be_stored_holds_up_no_weight_and_is_claimed_by_nobody() -> None:
    async with parts() as made:
        await made.look()
        ask_for_the_same_by_another_name(made, {"A": 1, "B": 1})
        made.server.faults[f"POST {APPS}/controllerrevisions"] = 500
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.table.shares() == {"A": 0.5, "B": 0.5}
        assert made.status["endpointConfigName"] == "churn-1"
        assert made.condition("Progressing") == ("True", "RollingOut")
        made.server.faults.clear()
        await made.look()
        assert made.status["endpointConfigName"] == "churn-2"


async def parts_with_a_known_model(made: Parts) -> dict[str, Any]:
    """Pods came, told what they load, and went; answers the ConfigMap that says what it was."""
    await made.look()
    made.put_pods()
    await made.look()
    made.delete_pods()
    await made.look()
    identity: dict[str, Any] = made.find("ConfigMap")[-1]
    return identity


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"identity.json": "{}"},
        {"identity.json": model_identity.render(dataclasses.replace(IDENTITY, sha256="1" * 64))},
    ],
    ids=["emptied", "damaged", "changed"],
)
async def test_a_model_identity_that_somebody_edited_is_put_back(data: dict[str, str]) -> None:
    async with parts() as made:
        identity = await parts_with_a_known_model(made)
        made.server.put(f"{CORE}/configmaps/{identity['metadata']['name']}", {**identity, "data": data})
        await made.look()
        assert made.find("ConfigMap")[-1]["data"] == {"identity.json": model_identity.render(IDENTITY)}
        assert await made.look() == []


async def test_a_model_identity_that_somebody_deleted_is_put_back_though_no_pod_is_left_to_tell_it() -> None:
    async with parts() as made:
        identity = await parts_with_a_known_model(made)
        del made.server.objects[f"{CORE}/configmaps/{identity['metadata']['name']}"]
        await made.look()
        assert made.find("ConfigMap")[-1]["data"] == {"identity.json": model_identity.render(IDENTITY)}
        assert await made.look() == []


async def test_a_model_identity_that_can_not_be_read_is_made_again_from_what_pods_found() -> None:
    async with parts() as made:
        await made.look()
        made.put_pods()
        await made.look()
        identity = made.find("ConfigMap")[-1]
        identity["data"] = {}
        await made.look()
        assert made.find("ConfigMap")[-1]["data"] == {"identity.json": model_identity.render(IDENTITY)}
        await made.look()
        assert await made.look() == []


async def test_to_go_back_to_a_config_is_to_go_back_to_the_artefact_that_it_served() -> None:
    async with parts() as made:
        await parts_with_a_known_model(made)
        first = {item["metadata"]["name"] for item in made.find("Deployment")}
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2")
        await made.look()
        made.make_ready()
        for _ in range(3):
            await made.look()
            made.now += 60
        assert not first & {item["metadata"]["name"] for item in made.server.objects.values()}
        made.put_endpoint()
        await made.look()
        held = {item["metadata"]["name"]: item["data"] for item in made.find("ConfigMap")}
        identity = {"identity.json": model_identity.render(IDENTITY)}
        assert [held.get(revision) for revision in first] == [identity, identity]
