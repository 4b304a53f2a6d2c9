import copy

import pytest

from endpoint_operator.desired.defaults import Defaults
from endpoint_operator.reconcile import endpoint
from endpoint_operator.reconcile.queue import TryLaterError
from tests.builders import manifests
from tests.endpoint_operator.reconcile.parts import APPS, CHURN, CORE, OURS, RBAC, parts


async def test_what_others_are_made_from_or_need_is_made_before_them() -> None:
    async with parts() as made:
        written = [line.rpartition("/")[2] for line in await made.look() if line.startswith("POST")]
        assert written == [
            "controllerrevisions",
            "configmaps",
            "serviceaccounts",
            "roles",
            "rolebindings",
            "services",
            "services",
            "deployments",
            "services",
            "deployments",
            "events",
        ]


async def test_a_second_look_at_the_same_things_writes_nothing() -> None:
    async with parts() as made:
        await made.look()
        await made.look()
        assert await made.look() == []


async def test_a_weight_patch_writes_the_table_first_and_no_deployment() -> None:
    async with parts() as made:
        await made.look()
        await made.look()
        revision = made.table.revision
        made.put_endpoint(weights={"A": 1, "B": 1})
        written = await made.look()
        assert written[0] == f"PUT {CORE}/configmaps/churn-routes"
        assert not any("deployments" in line for line in written)
        assert made.table.shares() == {"A": 0.5, "B": 0.5}
        assert made.table.revision > revision


async def test_a_table_that_changed_since_it_was_read_is_not_overwritten_and_looked_at_again() -> None:
    async with parts() as made:
        await made.look()
        made.put_endpoint(weights={"A": 1, "B": 1})
        made.server.faults[f"PUT {CORE}/configmaps/churn-routes"] = 409
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.table.shares() == {"A": 0.25, "B": 0.75}
        made.server.faults.clear()
        await made.look()
        assert made.table.shares() == {"A": 0.5, "B": 0.5}


async def test_pods_that_only_a_cache_still_calls_ready_take_no_requests() -> None:
    async with parts() as made:
        await made.look()
        served = made.table.shares()
        coming = manifests.endpoint_config(manifests.variant("C"), name="churn-2")
        made.server.put(f"{OURS}/endpointconfigs/churn-2", coming)
        made.put_endpoint(config="churn-2")
        await made.look()
        (waiting,) = [item for item in made.find("Deployment") if "churn-c-" in item["metadata"]["name"]]
        made.server.cached = copy.deepcopy(made.server.objects)
        ready = {"readyReplicas": 1, "updatedReplicas": 1, "observedGeneration": 1}
        made.server.cached[f"{APPS}/deployments/{waiting['metadata']['name']}"]["status"] = ready
        await made.look()
        assert made.table.shares() == served
        waiting["status"] = ready
        await made.look()
        assert made.table.shares() == {"C": 1.0}


async def test_a_cut_over_that_was_not_written_is_claimed_by_nobody() -> None:
    async with parts() as made:
        await made.look()
        coming = manifests.endpoint_config(manifests.variant("C", initialInstanceCount=0), name="churn-2")
        made.server.put(f"{OURS}/endpointconfigs/churn-2", coming)
        made.put_endpoint(config="churn-2")
        made.server.faults[f"PUT {CORE}/configmaps/churn-routes"] = 409
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.status["endpointConfigName"] == "churn-1"
        made.server.faults.clear()
        await made.look()
        assert made.status["endpointConfigName"] == "churn-2"


async def test_what_a_cache_says_is_enough_for_what_can_be_put_right() -> None:
    async with parts() as made:
        await made.look()
        made.server.asked.clear()
        made.put_endpoint(weights={"A": 1, "B": 1})
        await made.look()
        lists = [item for item in made.server.asked if "labelSelector" in item.query]
        assert lists
        assert all(item.query["resourceVersion"] == "0" for item in lists)


async def test_one_refused_object_holds_up_no_other_and_is_told_in_the_status() -> None:
    async with parts() as made:
        made.server.faults[f"POST {APPS}/deployments"] = 422
        for _ in range(2):
            with pytest.raises(TryLaterError):
                await made.look()
        assert len(made.find("Service")) == 3
        assert made.condition("Serving")[0] == "False"
        assert made.condition("Progressing") == ("False", "ObjectRefused")
        assert made.condition("Degraded") == ("True", "ObjectRefused")
        made.server.faults.clear()
        await made.look()
        assert len(made.find("Deployment")) == 2


async def test_a_refusal_to_put_back_what_serves_is_told_in_the_status_too() -> None:
    async with parts() as made:
        await made.look()
        deployment = made.find("Deployment")[0]
        name = deployment["metadata"]["name"]
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "another"
        deployment["spec"]["template"]["spec"]["automountServiceAccountToken"] = True
        deployment["status"] = {"readyReplicas": 1, "updatedReplicas": 1}
        made.server.faults[f"PUT {APPS}/deployments/{name}"] = 422
        with pytest.raises(TryLaterError):
            await made.look()
        assert made.condition("Degraded") == ("True", "ObjectRefused")


async def test_what_may_not_be_written_is_named_and_is_no_leftover() -> None:
    async with parts() as made:
        made.server.faults[f"POST {RBAC}/roles"] = 403
        with pytest.raises(TryLaterError):
            await made.look()
        degraded = next(item for item in made.status["conditions"] if item["type"] == "Degraded")
        assert degraded["reason"] == "ObjectForbidden"
        assert degraded["message"].startswith("Role churn-router: as asked for.")
        assert "drained" not in str(made.status)


async def test_nothing_is_made_from_a_roll_out_that_could_not_be_stored() -> None:
    async with parts() as made:
        made.server.faults[f"POST {APPS}/controllerrevisions"] = 403
        with pytest.raises(TryLaterError):
            await made.look()
        assert not made.find("ConfigMap")
        assert not made.find("Deployment")
        assert made.status["endpointStatus"]


async def test_a_name_that_somebody_else_holds_is_named_in_the_status_and_tried_again_later() -> None:
    async with parts() as made:
        made.server.put(f"{CORE}/services/churn", {"spec": {"selector": {"app": "x"}}})
        assert await made.reconciler.work(CHURN) is not None
        assert made.condition("Degraded") == ("True", "NameConflict")
        assert made.server.objects[f"{CORE}/services/churn"]["spec"] == {"selector": {"app": "x"}}
        assert len(made.find("Deployment")) == 2


async def test_no_answer_from_the_api_server_means_try_later_and_is_counted_so() -> None:
    async with parts() as made:
        made.server.is_down = True
        with pytest.raises(TryLaterError):
            await made.reconciler.work(CHURN)
        value = made.numbers.registry.get_sample_value("pointsman_reconcile_total", {"result": "retry"})
        assert value == 1.0


async def test_a_status_written_by_somebody_else_meanwhile_is_tried_again() -> None:
    async with parts() as made:
        made.server.faults[f"PUT {OURS}/endpoints/churn/status"] = 409
        with pytest.raises(TryLaterError):
            await made.look()
        made.server.faults.clear()
        await made.look()
        assert made.status["endpointStatus"] == "Creating"


async def test_an_endpoint_that_is_gone_is_forgotten() -> None:
    async with parts() as made:
        await made.look()
        del made.server.objects[f"{OURS}/endpoints/churn"]
        assert await made.look() == []
        assert "pointsman_endpoint_info" not in {
            sample.name
            for family in made.numbers.registry.collect()
            for sample in family.samples
            if sample.labels
        }


async def test_an_endpoint_that_somebody_holds_while_it_goes_says_so_and_is_left_alone() -> None:
    async with parts() as made:
        await made.look()
        going = made.server.objects[f"{OURS}/endpoints/churn"]
        going["metadata"]["deletionTimestamp"] = "2026-11-22T02:00:00Z"
        made.put_config(manifests.variant("C"))
        for kind in ("ControllerRevision", "Deployment"):
            for item in made.find(kind):
                plural = f"{kind.lower()}s"
                del made.server.objects[f"{APPS}/{plural}/{item['metadata']['name']}"]
        assert set(await made.look()) <= {f"PUT {OURS}/endpoints/churn/status", f"POST {CORE}/events"}
        assert made.status["endpointStatus"] == "Deleting"
        assert made.condition("Progressing") == ("True", "BeingDeleted")
        assert await made.look() == []


async def test_the_mark_of_the_serving_roll_out_is_put_back() -> None:
    async with parts() as made:
        await made.look()
        (stored,) = made.find("ControllerRevision")
        assert stored["metadata"]["labels"]["pointsman.dev/serving"] == "true"
        del stored["metadata"]["labels"]["pointsman.dev/serving"]
        await made.look()
        (stored,) = made.find("ControllerRevision")
        assert stored["metadata"]["labels"]["pointsman.dev/serving"] == "true"


async def test_a_new_version_of_the_operator_renders_nothing_anew() -> None:
    async with parts() as made:
        await made.look()
        await made.look()
        newer = Defaults(router_image="router:2", loader_image="loader:2", model_image="model:2")
        made.reconciler._installation = endpoint.Installation(newer, drain_seconds=5.0)
        assert await made.look() == []


async def test_a_restart_makes_all_pods_as_the_new_version_does_and_says_so_at_once() -> None:
    async with parts() as made:
        await made.look()
        made.make_ready()
        old = made.backends
        newer = Defaults(router_image="router:2", loader_image="loader:2", model_image="model:2")
        made.reconciler._installation = endpoint.Installation(newer, drain_seconds=5.0)
        made.put_endpoint(restart="1")
        await made.look()
        assert made.backends == old
        assert made.condition("Progressing") == ("True", "RollingOut")
        made.make_ready()
        await made.look()
        assert made.backends.isdisjoint(old)
        for _ in range(2):
            made.now += 5.0
            await made.look()
        pods = [item["spec"]["template"]["spec"] for item in made.find("Deployment")]
        assert [pod["containers"][0]["image"] for pod in pods] == ["model:2", "model:2"]


async def test_a_deleted_config_leaves_what_was_stored_in_use() -> None:
    async with parts() as made:
        await made.look()
        del made.server.objects[f"{OURS}/endpointconfigs/churn-1"]
        written = await made.look()
        assert not any(line.startswith("DELETE") for line in written)
        assert made.table.shares() == {"A": 0.25, "B": 0.75}
        made.put_endpoint(weights={"A": 1, "B": 1})
        await made.look()
        assert made.table.shares() == {"A": 0.5, "B": 0.5}


async def test_a_deleted_config_that_went_back_to_what_serves_brings_no_other_content() -> None:
    async with parts() as made:
        await made.look()
        made.make_ready()
        made.put_config(manifests.variant("C"))
        await made.look()
        made.put_first_config()
        await made.look()
        made.make_ready()
        made.delete_config()
        await made.look()
        assert made.table.shares() == {"A": 0.25, "B": 0.75}


async def test_a_deleted_config_brings_no_restart_that_was_taken_back() -> None:
    async with parts() as made:
        await made.look()
        made.make_ready()
        backends = made.backends
        made.put_endpoint(restart="1")
        await made.look()
        made.put_endpoint()
        await made.look()
        made.make_ready()
        made.delete_config()
        await made.look()
        assert made.backends == backends


async def test_a_config_that_is_deleted_while_it_starts_takes_over_when_it_is_ready() -> None:
    async with parts() as made:
        await made.look()
        made.put_config(manifests.variant("C"), name="churn-2")
        made.put_endpoint(config="churn-2")
        await made.look()
        made.delete_config("churn-2")
        made.make_ready()
        await made.look()
        assert made.table.shares() == {"C": 1.0}


async def test_a_lost_table_comes_back_with_the_roll_out_that_served() -> None:
    async with parts() as made:
        await made.look()
        del made.server.objects[f"{CORE}/configmaps/churn-routes"]
        await made.look()
        assert made.table.shares() == {"A": 0.25, "B": 0.75}
