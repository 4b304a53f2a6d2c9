"""Which files an image depends on is read from its Dockerfile."""

from pathlib import Path

import pytest

from tests.cluster import errors, image_inputs

DOCKERFILE = """\
ARG PYTHON_IMAGE=python:3
FROM ${PYTHON_IMAGE}
ARG RELEASE=3.2.0
COPY .locks/x-${RELEASE}.txt /tmp/requirements.txt
COPY --chown=1:1 serving/a \\
     serving/b /app/
COPY --from=builder /out /out
"""


def a_repository(root: Path) -> Path:
    for name in (
        ".locks/x-3.2.0.txt",
        ".locks/x-2.1.4.txt",
        "serving/a/one.py",
        "serving/b/two.py",
        "other.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "Dockerfile").write_text(DOCKERFILE)
    return root


def digest(root: Path, **arguments: str) -> str:
    return image_inputs.digest(root, Path("Dockerfile"), arguments)


def test_copied_paths_are_found_with_defaults_of_build_arguments() -> None:
    assert image_inputs.sources(DOCKERFILE, {}) == [".locks/x-3.2.0.txt", "serving/a", "serving/b"]


def test_a_build_argument_chooses_the_copied_file() -> None:
    assert image_inputs.sources(DOCKERFILE, {"RELEASE": "2.1.4"})[0] == ".locks/x-2.1.4.txt"


def test_a_change_of_a_copied_file_changes_the_digest(tmp_path: Path) -> None:
    root = a_repository(tmp_path)
    before = digest(root)
    (root / "serving/b/two.py").write_text("changed")
    assert digest(root) != before


def test_other_files_and_caches_do_not_change_the_digest(tmp_path: Path) -> None:
    root = a_repository(tmp_path)
    before = digest(root)
    (root / "other.py").write_text("changed")
    (root / "serving/a/__pycache__").mkdir()
    (root / "serving/a/__pycache__/one.pyc").write_text("compiled")
    assert digest(root) == before


def test_another_build_argument_changes_the_digest(tmp_path: Path) -> None:
    root = a_repository(tmp_path)
    assert digest(root, RELEASE="2.1.4") != digest(root)


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    root = a_repository(tmp_path)
    (root / "serving/a/one.py").unlink()
    with pytest.raises(errors.HarnessError, match="serving/a"):
        digest(root)
