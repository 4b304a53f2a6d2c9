from tests.builders import manifests
from tests.endpoint_operator.reconcile.parts import RBAC, Parts, parts


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
