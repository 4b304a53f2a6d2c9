"""Archives of images as `buildah push docker-archive:` writes them: each file is named by its hash."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def layer(name: str) -> bytes:
    """A layer of one file, which tells it from others."""
    return _tar({name: name.encode()})


def settings(layers: Sequence[bytes]) -> bytes:
    """An image's configuration, as a container runtime reads it."""
    content = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in layers]},
    }
    return json.dumps(content).encode()


def write(path: Path, layers: Sequence[bytes]) -> Path:
    """An image of these layers, from the lowest up."""
    described = settings(layers)
    files = {f"{digest(layer)}.tar": layer for layer in layers} | {f"{digest(described)}.json": described}
    image = {
        "Config": f"{digest(described)}.json",
        "Layers": [f"{digest(layer)}.tar" for layer in layers],
    }
    path.write_bytes(_tar({**files, "manifest.json": json.dumps([image]).encode()}))
    return path


def _tar(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()
