"""Everything of a cluster that a machine can still have when the cluster is gone: find it, clear it away."""

import contextlib
import hashlib
import shutil
from pathlib import Path

from tests.cluster import commands, control_groups, errors, network, processes
from tests.cluster.layout import Layout

# Written to fixed places by kubelet, by the network plugins' library and by containerd's shims.
_CONTAINER_LOG_LINKS = Path("/var/log/containers")
_NETWORK_RESULTS = Path("/var/lib/cni/results")
_SHIM_SOCKETS = Path("/run/containerd/s")


def find(layout: Layout) -> list[str]:
    """One line for each thing that is there; empty when only files on disk are left of the cluster."""
    found = [f"process {pid}: {_command(pid)}" for pid in sorted(_all_processes(layout))]
    found += [f"mount {mount}" for mount in _mounts(layout)]
    if layout.namespace_file.exists():
        found.append(f"network namespace {layout.name}")
    if network.has_interface(layout):
        found.append(f"interface {layout.name}")
    found += [f"route {route}" for route in network.routes(layout)]
    found += [f"control group {tree}" for tree in control_groups.trees(layout)]
    if layout.runtime.exists():
        found.append(f"folder {layout.runtime}")
    return found


def clear(layout: Layout) -> None:
    """Remove all that `find` finds. Everything that must end in order has ended before."""
    processes.kill(_all_processes(layout))
    commands.wait_until(lambda: not _all_processes(layout), "the cluster's processes end", seconds=20)
    _unmount(layout)
    network.delete(layout)
    control_groups.remove(layout)
    for file in _litter(layout):
        file.unlink(missing_ok=True)
    shutil.rmtree(layout.runtime, ignore_errors=True)


def shims(layout: Layout) -> set[int]:
    """Process ids of the containers' keepers, which outlive containerd on purpose."""
    socket = str(layout.containerd_socket)
    return {pid for pid in _pids() if "containerd-shim" in _command(pid) and socket in _command(pid)}


def _all_processes(layout: Layout) -> set[int]:
    return {
        pid
        for pid in control_groups.processes(layout) | shims(layout)
        if processes.start_time(pid) is not None
    }


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _mounts(layout: Layout) -> list[str]:
    """Mount points, innermost first."""
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    ours = (f"{layout.state}/", f"{layout.runtime}/")
    return [place for place in reversed(places) if place.startswith(ours)]


def _unmount(layout: Layout) -> None:
    for place in _mounts(layout):
        with contextlib.suppress(errors.HarnessError):
            commands.run(["umount", place])
    for place in _mounts(layout):
        commands.run(["umount", "--lazy", place])


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
