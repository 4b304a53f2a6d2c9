"""Makes the cluster run, mends it, and takes it away again."""

import json
import shutil
from collections.abc import Iterable

from tests.cluster import (
    api,
    certificates,
    commands,
    components,
    container_runtime,
    control_groups,
    errors,
    leftovers,
    network,
    ownership,
    preflight,
    processes,
    progress,
    sandbox_image,
    tools,
)
from tests.cluster.components import Component
from tests.cluster.layout import Layout

# Of everything but images, a new cluster starts without; images take longest to make.
_OLD_STATE = ("etcd", "kubelet", "logs", "cni", "opt", "volume-plugins", "certificates")


def up(layout: Layout) -> None:
    """Make a ready cluster of what there is: nothing to do, a component to start, or all anew."""
    with ownership.lock(layout):
        ownership.require_ours(layout)
        if is_ready(layout):
            return
        preflight.require_machine(layout)
        tools.install()
        if network.exists(layout) and _is_mended(layout):
            return
        _down(layout)
        _create(layout)


def down(layout: Layout) -> None:
    """End everything and prove that nothing stays; built tools and images are kept."""
    with ownership.lock(layout):
        ownership.require_ours(layout)
        _down(layout)


def is_ready(layout: Layout) -> bool:
    """Whether every component lives and the API server answers."""
    living = all(processes.find(layout, component.name) for component in components.ALL)
    return living and api.is_answering(layout, "/readyz") and api.is_node_ready(layout)


def describe(layout: Layout) -> list[str]:
    """One line for each component: its process id, or that it does not run."""
    found = [(component.name, processes.find(layout, component.name)) for component in components.ALL]
    return [f"{name:24} {process.pid if process else 'not running'}" for name, process in found]


def start(layout: Layout, component: Component, *, seconds: float = 60) -> None:
    """Start one component, unless it lives, and wait until it is ready."""
    _launch(layout, component)
    _await(layout, component, seconds=seconds)


def _create(layout: Layout) -> None:
    ownership.take(layout)
    # After a reboot nothing runs, and yet the old state is there.
    _forget(layout)
    with progress.step("Network, control groups, certificates"):
        network.create(layout)
        control_groups.create(layout)
        certificates.create(layout)
        components.write_settings(layout)
    with progress.step("etcd, API server, container runtime"):
        _launch(layout, components.CONTAINERD)
        start(layout, components.ETCD)
        _launch(layout, components.API_SERVER)
        _await(layout, components.CONTAINERD)
        _sweep_containers(layout)
        sandbox_image.provide(layout)
        _await(layout, components.API_SERVER)
    with progress.step("Controllers, scheduler, node, name server"):
        _allow_components(layout)
        for component in components.CLIENTS:
            _launch(layout, component)
        _await_all(layout, components.CLIENTS)
        commands.wait_until(
            lambda: api.has_default_account(layout), "the default service account", seconds=60
        )


def _is_mended(layout: Layout) -> bool:
    """Start what has died; False if the cluster is beyond that."""
    dead = [component for component in components.ALL if not processes.find(layout, component.name)]
    with progress.step(f"Starting again: {', '.join(component.name for component in dead) or 'nothing'}"):
        try:
            for component in dead:
                start(layout, component, seconds=30)
            _await_all(layout, components.ALL, seconds=30)
        except errors.HarnessError:
            return False
    return True


def _launch(layout: Layout, component: Component) -> None:
    if processes.find(layout, component.name) is None:
        processes.start(layout, component.name, component.command(layout))


def _await(layout: Layout, component: Component, *, seconds: float = 60) -> None:
    def is_settled() -> bool:
        if processes.find(layout, component.name) is None:
            raise errors.HarnessError(_end_of(layout, component))
        return component.is_ready(layout)

    commands.wait_until(is_settled, f"{component.name} is ready (see {layout.logs})", seconds=seconds)


def _await_all(layout: Layout, several: Iterable[Component], *, seconds: float = 60) -> None:
    for component in several:
        _await(layout, component, seconds=seconds)


def _end_of(layout: Layout, component: Component) -> str:
    log = layout.logs / f"{component.name}.log"
    tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-10:])
    return f"{component.name} ended by itself; the end of {log}:\n{tail}"


def _sweep_containers(layout: Layout) -> None:
    """Forget containers of an earlier life. containerd reads its own list of them only at its start."""
    if container_runtime.ctr(layout, "containers", "list", "--quiet").strip():
        container_runtime.remove_containers(layout)
        processes.stop(layout, components.CONTAINERD.name, grace=5)
        start(layout, components.CONTAINERD)


def _allow_components(layout: Layout) -> None:
    manifest = layout.state / "roles.json"
    manifest.write_text(json.dumps(_roles()))
    commands.run(
        [layout.binaries / "kubectl", "--kubeconfig", layout.kubeconfig, "apply", "-f", manifest], timeout=60
    )


def _roles() -> dict[str, object]:
    reading = ["list", "watch"]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "system:coredns"},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": reading},
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": reading},
        ],
    }
    coredns = _binding("system:coredns", kind="User", name="system:coredns")
    # The kubelet may hear of a pod before the authorizer of nodes does. Refused the pod's ConfigMap then, it asks again
    # after two seconds; by its role it is let in at once.
    node = _binding("system:node", kind="Group", name="system:nodes")
    return {"apiVersion": "v1", "kind": "List", "items": [role, coredns, node]}


def _binding(role: str, *, kind: str, name: str) -> dict[str, object]:
    """Gives the cluster role to a user or a group."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"pointsman:{role}"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": kind, "name": name}],
    }


def _down(layout: Layout) -> None:
    if not leftovers.find(layout):
        return
    with progress.step("Ending the cluster"):
        # First who would start containers again, last who can remove them.
        for component in reversed(components.ALL):
            if component is not components.CONTAINERD:
                processes.stop(layout, component.name, grace=0)
        _end_containers(layout)
        processes.stop(layout, components.CONTAINERD.name, grace=5)
        leftovers.clear(layout)
        _forget(layout)
    remaining = leftovers.find(layout)
    if remaining:
        raise errors.HarnessError(
            "the cluster left behind:\n" + "\n".join(f"    {item}" for item in remaining)
        )


def _forget(layout: Layout) -> None:
    for name in _OLD_STATE:
        shutil.rmtree(layout.state / name, ignore_errors=True)


def _end_containers(layout: Layout) -> None:
    containerd = processes.find(layout, components.CONTAINERD.name)
    keepers = leftovers.shims(layout) | ({containerd.pid} if containerd else set())
    processes.kill(control_groups.processes(layout) - keepers)
    if containerd:
        container_runtime.remove_containers(layout)
    processes.kill(leftovers.shims(layout))
