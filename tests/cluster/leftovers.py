"""Everything of a cluster that a machine can still have when the cluster is gone: find it, clear it away."""

import hashlib
import shutil
from pathlib import Path

from tests.cluster import broken_builds, commands, control_groups, mounts, network, processes
from tests.cluster.layout import Layout

# Written to fixed places by kubelet, by the network plugins' library and by containerd's shims.
_CONTAINER_LOG_LINKS = Path("/var/log/containers")
_NETWORK_RESULTS = Path("/var/lib/cni/results")
_SHIM_SOCKETS = Path("/run/containerd/s")


def find(layout: Layout) -> list[str]:
    """One line for each thing that is there; empty when only files on disk are left of the cluster."""
    found = [f"process {pid}: {processes.command(pid)}" for pid in sorted(_all_processes(layout))]
    found += [f"mount {mount}" for mount in mounts.below(layout.state, layout.runtime)]
    if layout.namespace_file.exists():
        found.append(f"network namespace {layout.name}")
    if network.has_interface(layout):
        found.append(f"interface {layout.name}")
    found += [f"route {route}" for route in network.routes(layout)]
    found += [f"control group {tree}" for tree in control_groups.trees(layout)]
    if layout.runtime.exists():
        found.append(f"folder {layout.runtime}")
    return found + broken_builds.find(layout)


def clear(layout: Layout) -> None:
    """Remove all that `find` finds. Everything that must end in order has ended before."""
    processes.kill(_all_processes(layout))
    commands.wait_until(lambda: not _all_processes(layout), "the cluster's processes end", seconds=20)
    mounts.remove(layout.state, layout.runtime)
    network.delete(layout)
    control_groups.remove(layout)
    for file in _litter(layout):
        file.unlink(missing_ok=True)
    shutil.rmtree(layout.runtime, ignore_errors=True)
    broken_builds.clear(layout)


def shims(layout: Layout) -> set[int]:
    """Process ids of the containers' keepers, which outlive containerd on purpose."""
    socket = str(layout.containerd_socket)
    commands_of = {pid: processes.command(pid) for pid in processes.all_ids()}
    return {pid for pid, command in commands_of.items() if "containerd-shim" in command and socket in command}


def _all_processes(layout: Layout) -> set[int]:
    return {
        pid
        for pid in control_groups.processes(layout) | shims(layout)
        if processes.start_time(pid) is not None
    }


def _litter(layout: Layout) -> list[Path]:
    logs = [link for link in _entries(_CONTAINER_LOG_LINKS, "*") if str(layout.logs) in str(link.readlink())]
    results = _entries(_NETWORK_RESULTS, f"{layout.name}-*-eth0")
    pods = [result.name.removeprefix(f"{layout.name}-").removesuffix("-eth0") for result in results]
    loopbacks = [_NETWORK_RESULTS / f"cni-loopback-{pod}-lo" for pod in pods]
    return logs + results + loopbacks + _shim_sockets(layout)


def _shim_sockets(layout: Layout) -> list[Path]:
    """Sockets of killed shims. containerd names them by the hash of its own socket's path and the container's name."""
    containers = _entries(layout.runtime / "containerd/io.containerd.runtime.v2.task/k8s.io", "*")
    keys = [f"{layout.containerd_socket}/k8s.io/{container.name}" for container in containers]
    return [_SHIM_SOCKETS / hashlib.sha256(key.encode()).hexdigest() for key in keys]


def _entries(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern)) if folder.is_dir() else []
