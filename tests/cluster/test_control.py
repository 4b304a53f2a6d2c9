"""Containers and components are found by name, or the error says what there is."""

import pytest

from tests.cluster import control, errors

POD = {
    "metadata": {"name": "churn-a"},
    "status": {
        "initContainerStatuses": [
            {"name": "model-loader", "containerID": "containerd://1", "state": {"terminated": {}}},
            {"name": "router", "containerID": "containerd://2", "state": {"running": {}}},
        ],
        "containerStatuses": [{"name": "model", "containerID": "containerd://3", "state": {"running": {}}}],
    },
}


@pytest.mark.parametrize(
    ("name", "identity"), [("router", "2"), ("model", "3")], ids=["sidecar", "container"]
)
def test_a_running_container_is_found(name: str, identity: str) -> None:
    assert control.container_id(POD, name) == identity


@pytest.mark.parametrize("name", ["model-loader", "absent"], ids=["ended", "absent"])
def test_a_container_that_does_not_run_is_an_error(name: str) -> None:
    with pytest.raises(errors.HarnessError, match=f"churn-a has no running container {name}"):
        control.container_id(POD, name)


def test_an_unknown_component_is_answered_with_the_list() -> None:
    with pytest.raises(errors.HarnessError, match="kube-apiserver"):
        control.component_pid("apiserver")
