"""Image archives cut down to what a cluster lacks: most of an image is layers that it has from the last build."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import IO, Any

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_SETTINGS = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def cut(archive: Path, reference: str, present: set[str], target: Path) -> None:
    """Rewrite what `buildah push docker-archive:` wrote as an OCI archive without the blobs that are `present`.

    `present`: digests, "sha256:…". The importing side completes the image from its own store.
    """
    with tarfile.open(archive) as source, tarfile.open(target, "w") as cut_down:
        (image,) = json.load(_content(source, "manifest.json"))
        settings = _descriptor(source, image["Config"], _SETTINGS)
        layers = [_descriptor(source, name, _LAYER) for name in image["Layers"]]
        named = zip([image["Config"], *image["Layers"]], [settings, *layers], strict=True)
        for name, blob in {blob["digest"]: (name, blob) for name, blob in named}.values():
            if blob["digest"] not in present:
                _add(cut_down, _path(blob["digest"]), _content(source, name), blob["size"])
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": settings, "layers": layers}
        _add_index(cut_down, json.dumps(manifest).encode(), reference)


def _add_index(target: tarfile.TarFile, manifest: bytes, reference: str) -> None:
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    entry = {
        "mediaType": _MANIFEST,
        "digest": digest,
        "size": len(manifest),
        "annotations": {"io.containerd.image.name": reference},
    }
    index = {"schemaVersion": 2, "manifests": [entry]}
    for name, content in (
        (_path(digest), manifest),
        ("index.json", json.dumps(index).encode()),
        ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
    ):
        _add(target, name, io.BytesIO(content), len(content))


def _descriptor(source: tarfile.TarFile, name: str, media_type: str) -> dict[str, Any]:
    """The builder names every file of the archive by its hash."""
    return {
        "mediaType": media_type,
        "digest": f"sha256:{name.partition('.')[0]}",
        "size": source.getmember(name).size,
    }


def _content(source: tarfile.TarFile, name: str) -> IO[bytes]:
    content = source.extractfile(name)
    if content is None:
        raise ValueError(f"{name} is no file of the archive")
    return content


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(target: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = size
    target.addfile(entry, content)
