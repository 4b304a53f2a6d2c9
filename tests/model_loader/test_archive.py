import gzip
import pathlib

import pytest

from model_loader import archive
from tests.model_loader import archives


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (archives.an_archive().with_file("m").packed(), True),
        (archives.an_archive().with_file("m").plain(), True),
        (gzip.compress(b'{"learner": {}}'), False),
        (gzip.compress(b"x" * 1000)[:20], False),
        (b'{"learner": {}}', False),
        (b"\x1f\x8b", False),
        (b"", False),
    ],
    ids=["tar.gz", "tar", "gzipped file", "damaged gzip", "file", "gzip magic alone", "empty"],
)
def test_an_archive_is_known_by_its_content(tmp_path: pathlib.Path, content: bytes, expected: bool) -> None:
    path = tmp_path / "without-a-telling-name"
    path.write_bytes(content)
    assert archive.is_archive(path) is expected
