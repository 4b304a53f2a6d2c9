"""The pods' first image is packed by hand, in the format that container runtimes import."""

import hashlib
import io
import json
import tarfile

from tests.cluster import container_runtime, sandbox_image


def test_the_archive_holds_the_program_under_the_name_that_pods_start() -> None:
    with tarfile.open(fileobj=io.BytesIO(sandbox_image.pack(b"program"))) as archive:
        contents = {entry.name: (archive.extractfile(entry) or io.BytesIO()).read() for entry in archive}
    (manifest,) = json.loads(contents["manifest.json"])
    settings = json.loads(contents["config.json"])
    assert manifest["RepoTags"] == [container_runtime.SANDBOX_IMAGE]
    assert settings["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(contents['layer.tar']).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(contents["layer.tar"])) as layer:
        assert [(entry.name, entry.mode) for entry in layer] == [("pause", 0o755)]
