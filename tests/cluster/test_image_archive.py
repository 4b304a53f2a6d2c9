"""An archive is cut down to the blobs that the cluster lacks, and still describes the whole image."""

import io
import json
import tarfile
from pathlib import Path

from tests.builders import docker_archives
from tests.builders.docker_archives import digest
from tests.cluster import image_archive

LAYERS = [docker_archives.layer(name) for name in ("base", "dependencies", "code")]


def test_only_what_is_lacking_is_carried_and_all_is_described(tmp_path: Path) -> None:
    whole = docker_archives.write(tmp_path / "whole.tar", LAYERS)
    present = {f"sha256:{digest(layer)}" for layer in LAYERS[:2]}
    image_archive.cut(whole, "localhost/some:1", present, tmp_path / "cut.tar")
    with tarfile.open(tmp_path / "cut.tar") as archive:
        contents = {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}
    (entry,) = json.loads(contents["index.json"])["manifests"]
    manifest = json.loads(contents[f"blobs/{entry['digest'].replace(':', '/')}"])
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/some:1"
    assert [layer["digest"] for layer in manifest["layers"]] == [
        f"sha256:{digest(layer)}" for layer in LAYERS
    ]
    assert {name for name in contents if name.startswith("blobs/")} == {
        f"blobs/sha256/{digest(content)}" for content in (LAYERS[2], docker_archives.settings(LAYERS))
    } | {f"blobs/{entry['digest'].replace(':', '/')}"}
