"""The image of every pod's first container: one static program.

It is packed by hand, so that starting a cluster needs no image builder.
"""

import hashlib
import io
import json
import platform
import tarfile

from tests.cluster import container_runtime
from tests.cluster.layout import Layout

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def provide(layout: Layout) -> None:
    """Put the image into the cluster, unless it is there."""
    if container_runtime.SANDBOX_IMAGE in container_runtime.image_labels(layout):
        return
    archive = layout.state / "pause.tar"
    archive.write_bytes(pack((layout.binaries / "pause").read_bytes()))
    container_runtime.import_image(layout, container_runtime.SANDBOX_IMAGE, archive)
    archive.unlink()


def pack(program: bytes) -> bytes:
    """An archive as `docker save` writes it, of an image that holds only this program."""
    layer = _tar({"pause": (program, 0o755)})
    settings = {
        "architecture": _ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [
        {"Config": "config.json", "RepoTags": [container_runtime.SANDBOX_IMAGE], "Layers": ["layer.tar"]}
    ]
    return _tar(
        {
            "layer.tar": (layer, 0o644),
            "config.json": (json.dumps(settings).encode(), 0o644),
            "manifest.json": (json.dumps(manifest).encode(), 0o644),
        }
    )


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()
