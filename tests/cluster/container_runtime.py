"""containerd: its settings, the images in it, and the end of all its containers."""

import contextlib
import json
import re
from pathlib import Path

from tests.cluster import commands, errors
from tests.cluster.layout import Layout

SANDBOX_IMAGE = "localhost/pointsman/pause:1"
_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))

# Without `restrict_oom_score_adj`, a container fails where root lacks CAP_SYS_RESOURCE.
_SETTINGS = """\
version = 2
root = "{state}/containerd"
state = "{runtime}/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{sandbox}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "{runtime}/runc"
"""


def cni_folder() -> Path:
    """Where the network plugins are; raises HarnessError when they are not installed."""
    for folder in _CNI_FOLDERS:
        if (folder / "ptp").exists():
            return folder
    raise errors.HarnessError("no network plugins (package containernetworking-plugins)")


def settings_file(layout: Layout) -> Path:
    return layout.state / "containerd.toml"


def write_settings(layout: Layout) -> None:
    settings_file(layout).write_text(
        _SETTINGS.format(
            state=layout.state,
            runtime=layout.runtime,
            socket=layout.containerd_socket,
            sandbox=SANDBOX_IMAGE,
            cni=cni_folder(),
            snapshotter=snapshotter(layout),
        )
    )
    folder = layout.state / "cni"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "10-pointsman.conflist").write_text(json.dumps(_pod_network(layout), indent=2))


def _pod_network(layout: Layout) -> dict[str, object]:
    """Each pod on a cable of its own: all traffic between pods is routed, so Services work both ways.

    On a shared bridge, answers between neighbours would bypass the translation of addresses, unless
    the kernel filters bridges too.
    """
    addresses = {
        "type": "host-local",
        "dataDir": str(layout.runtime / "addresses"),
        "ranges": [[{"subnet": str(layout.pod_range)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugin = {"type": "ptp", "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": layout.name, "plugins": [plugin]}


def snapshotter(layout: Layout) -> str:
    """`overlayfs` where the disk bears it (not inside most containers), else plain copies."""
    return "overlayfs" if can_overlay(layout.state) else "native"


def can_overlay(folder: Path) -> bool:
    """Whether an overlay file system can be mounted on this folder's disk; needs root."""
    probe = folder / "overlay-probe"
    lower, upper, work, mounted = (probe / name for name in ("lower", "upper", "work", "mounted"))
    for path in (lower, upper, work, mounted):
        path.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    try:
        commands.run(["mount", "-t", "overlay", "overlay", "-o", options, mounted])
        commands.run(["umount", mounted])
    except errors.HarnessError:
        return False
    finally:
        commands.run(["rm", "-rf", probe])
    return True


def ctr(layout: Layout, *arguments: str | Path, timeout: float = 120) -> str:
    """containerd's own command line, on Kubernetes' containers."""
    return commands.run(
        ["ctr", "--address", layout.containerd_socket, "-n", "k8s.io", *arguments], timeout=timeout
    )


def is_ready(layout: Layout) -> bool:
    if not layout.containerd_socket.is_socket():
        return False
    with contextlib.suppress(errors.HarnessError):
        ctr(layout, "version", timeout=5)
        return True
    return False


def image_labels(layout: Layout) -> dict[str, dict[str, str]]:
    """Label name → value, of every image that is in the cluster, by its reference."""
    rows = ctr(layout, "images", "list").splitlines()[1:]
    return {row.split()[0]: dict(_pairs(row.split()[-1])) for row in rows}


def content(layout: Layout) -> set[str]:
    """Digests of all that images consist of and that is in the cluster."""
    return set(ctr(layout, "content", "list", "--quiet").split())


def import_image(layout: Layout, reference: str, archive: Path, label: tuple[str, str] | None = None) -> None:
    """Make the archive's image the one that is called `reference`, with a label of this name and value.

    An earlier image of that name keeps a second one meanwhile. Else it would be garbage as soon as the name moves, and
    a collection could take the layers that both share between import's look at them and its use. Its label goes first:
    wherever this ends, no label tells of another image.
    """
    replaced = f"{reference}-replaced"
    if reference in image_labels(layout):
        ctr(layout, "images", "tag", "--force", reference, replaced)
        if label is not None:
            ctr(layout, "images", "label", reference, f"{label[0]}=")
    ctr(layout, "images", "import", archive, timeout=600)
    if replaced in image_labels(layout):
        # Waits for the collection: afterwards nothing is listed as present that is about to go.
        ctr(layout, "images", "remove", "--sync", replaced)
    if label is not None:
        ctr(layout, "images", "label", reference, "=".join(label))


def _pairs(text: str) -> list[tuple[str, str]]:
    return re.findall(r"([^,=]+)=([^,]*)", text)


def remove_containers(layout: Layout) -> None:
    """Remove every container, dead or alive, with its sandbox; images stay."""
    for process in ctr(layout, "tasks", "list", "--quiet").split():
        with contextlib.suppress(errors.HarnessError):
            ctr(layout, "tasks", "delete", "--force", process)
    containers = ctr(layout, "containers", "list", "--quiet").split()
    if containers:
        ctr(layout, "containers", "delete", *containers)


def main_process(layout: Layout, container_id: str) -> int:
    """Process id, on this machine, of a running container's first process."""
    file = layout.runtime / "containerd/io.containerd.runtime.v2.task/k8s.io" / container_id / "init.pid"
    try:
        return int(file.read_text())
    except FileNotFoundError as exc:
        raise errors.HarnessError(f"container {container_id} does not run") from exc
