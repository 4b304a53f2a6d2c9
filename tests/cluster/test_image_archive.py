"""An archive is cut down to the blobs that the cluster lacks, and still describes the whole image."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from tests.cluster import image_archive

LAYERS = (b"base", b"dependencies", b"code")
SETTINGS = b"{}"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def an_archive(path: Path) -> Path:
    files = {f"{digest(layer)}.tar": layer for layer in LAYERS} | {f"{digest(SETTINGS)}.json": SETTINGS}
    image = {"Config": f"{digest(SETTINGS)}.json", "Layers": [f"{digest(layer)}.tar" for layer in LAYERS]}
    files["manifest.json"] = json.dumps([image]).encode()
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_only_what_is_lacking_is_carried_and_all_is_described(tmp_path: Path) -> None:
    present = {f"sha256:{digest(layer)}" for layer in LAYERS[:2]}
    image_archive.cut(an_archive(tmp_path / "whole.tar"), "localhost/some:1", present, tmp_path / "cut.tar")
    with tarfile.open(tmp_path / "cut.tar") as archive:
        contents = {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}
    (entry,) = json.loads(contents["index.json"])["manifests"]
    manifest = json.loads(contents[f"blobs/{entry['digest'].replace(':', '/')}"])
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/some:1"
    assert [layer["digest"] for layer in manifest["layers"]] == [
        f"sha256:{digest(layer)}" for layer in LAYERS
    ]
    assert {name for name in contents if name.startswith("blobs/")} == {
        f"blobs/sha256/{digest(content)}" for content in (LAYERS[2], SETTINGS)
    } | {f"blobs/{entry['digest'].replace(':', '/')}"}
