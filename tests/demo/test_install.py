from typing import Any

import pytest

from tests.cluster import Cluster, HarnessError
from tests.demo import install


def an_operator(name: str, **annotations: str) -> dict[str, Any]:
    template = {"metadata": {"annotations": annotations} if annotations else {}}
    return {"metadata": {"namespace": "prod", "name": name}, "spec": {"template": template}}


def test_an_operator_is_somebody_elses_unless_it_says_what_it_was_built_from() -> None:
    operators = [an_operator("a"), an_operator("b", build="1f"), an_operator("c", other="build")]
    assert install.installed_by_others(operators) == ["prod/a", "prod/c"]


def test_the_operator_of_a_users_own_cluster_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def kubectl(_: Cluster, *arguments: str) -> str:
        assert arguments[:2] == ("get", "deployments"), "nothing else is done"
        return '{"items": [{"metadata": {"namespace": "prod", "name": "a"}, "spec": {"template": {"metadata": {}}}}]}'

    monkeypatch.setattr(Cluster, "kubectl", kubectl)
    theirs = Cluster(kubeconfig=install.ROOT, is_ours=False)
    for change in (install.operator, install.remove_operator):
        with pytest.raises(HarnessError, match="has a Pointsman already \\(prod/a\\)"):
            change(theirs)
