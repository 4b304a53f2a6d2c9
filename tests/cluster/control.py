"""Faults on purpose: stop, start and pause parts of the harness's cluster, and find containers' processes.

Only for a cluster with `is_ours`.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster import components, container_runtime, errors, layout, lifecycle, processes
from tests.cluster.access import Cluster


def stop(name: str, *, grace: float | None = None) -> None:
    """End a component, e.g. "kube-apiserver", until `start`. `grace` in seconds; 0 kills at once."""
    component = _component(name)
    processes.stop(layout.current(), name, grace=component.grace if grace is None else grace)


def start(name: str) -> None:
    """Start a component again and wait until it is ready."""
    lifecycle.start(layout.current(), _component(name))


@contextmanager
def stopped(name: str) -> Iterator[None]:
    """A component is away while the block runs, and ready again after it, whatever happens in it."""
    stop(name)
    try:
        yield
    finally:
        start(name)


def component_pid(name: str) -> int:
    """Process id of a running component."""
    process = processes.find(layout.current(), _component(name).name)
    if process is None:
        raise errors.HarnessError(f"{name} does not run")
    return process.pid


def pause(pid: int) -> None:
    """Freeze a process: it keeps its connections and answers nothing."""
    os.kill(pid, signal.SIGSTOP)


def resume(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """A process is frozen while the block runs."""
    pause(pid)
    try:
        yield
    finally:
        resume(pid)


def container_pid(cluster: Cluster, namespace: str, pod: str, container: str) -> int:
    """Process id, on this machine, of a container's first process: to kill it or to pause it."""
    identity = container_id(_pod(cluster, namespace, pod), container)
    return container_runtime.main_process(layout.current(), identity)


def container_id(pod: dict[str, Any], container: str) -> str:
    """containerd's name of a pod's container, init containers and sidecars too; raises HarnessError."""
    status = pod["status"]
    for entry in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        if entry["name"] == container and "running" in entry.get("state", {}):
            return str(entry["containerID"]).removeprefix("containerd://")
    raise errors.HarnessError(f"pod {pod['metadata']['name']} has no running container {container}")


def _pod(cluster: Cluster, namespace: str, pod: str) -> dict[str, Any]:
    shown = cluster.kubectl("get", "pod", pod, "--namespace", namespace, "--output", "json")
    return dict(json.loads(shown))


def _component(name: str) -> components.Component:
    component = components.BY_NAME.get(name)
    if component is None:
        raise errors.HarnessError(f"no component {name}; there are: {', '.join(components.BY_NAME)}")
    return component
