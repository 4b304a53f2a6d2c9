import dataclasses
import errno
import hashlib
import pathlib
from collections.abc import Iterator

import pytest

from endpoint_contract import model_identity
from model_loader import artefact, errors, load, settings
from tests.model_loader import archives


def a_load(source: pathlib.Path, model_dir: pathlib.Path) -> settings.Settings:
    identity_file = source.parent / "identity.json"
    return settings.read(
        ["--model-dir", str(model_dir), "--identity-file", str(identity_file)],
        {"MODEL_DATA_URL": f"file://{source}"},
    )


def names(directory: pathlib.Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_an_archive_is_unpacked_and_its_own_bytes_are_not_kept(
    tmp_path: pathlib.Path, model_dir: pathlib.Path
) -> None:
    source = archives.an_archive().with_file("xgboost-model", b"{}").packed_in(tmp_path)
    identity = load.load(a_load(source, model_dir))
    assert names(model_dir) == [".model-loader", "xgboost-model"]
    content = source.read_bytes()
    assert identity.sha256 == hashlib.sha256(content).hexdigest()
    assert (identity.data_url, identity.size_bytes) == (f"file://{source}", len(content))


def test_a_single_file_keeps_its_name_and_bytes(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    source = tmp_path / "churn.json.gz"
    source.write_bytes(b"\x1f\x8bnot really compressed")
    load.load(a_load(source, model_dir))
    assert (model_dir / "churn.json.gz").read_bytes() == source.read_bytes()
    assert (model_dir / "churn.json.gz").stat().st_mode & 0o777 == 0o644


def test_an_archive_is_unpacked_whatever_its_name(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    source = archives.an_archive().with_file("xgboost-model").packed_in(tmp_path, "download")
    load.load(a_load(source, model_dir))
    assert names(model_dir) == [".model-loader", "xgboost-model"]


def test_a_file_named_like_an_archive_must_be_one(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(b"<html>please log in</html>")
    with pytest.raises(errors.ArchiveError, match=r"model.tar.gz: it is named like an archive but is none"):
        load.load(a_load(source, model_dir))


def test_a_load_after_a_finished_one_replaces_it(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    load.load(a_load(archives.an_archive().with_file("old").packed_in(tmp_path), model_dir))
    load.load(a_load(archives.an_archive().with_file("new").packed_in(tmp_path), model_dir))
    assert names(model_dir) == [".model-loader", "new"]


def test_the_first_identity_lets_the_same_artefact_in_and_no_other(
    tmp_path: pathlib.Path, model_dir: pathlib.Path
) -> None:
    config = a_load(archives.an_archive().with_file("model", b"1").packed_in(tmp_path), model_dir)
    config.identity_file.write_text(model_identity.render(load.load(config)))
    load.load(config)
    archives.an_archive().with_file("model", b"2").packed_in(tmp_path)
    with pytest.raises(errors.ModelChangedError):
        load.load(config)
    assert not (model_dir / "model").exists()


def test_a_refused_archive_shows_nothing_of_itself(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    source = archives.an_archive().with_file("model").with_file("../escaped").packed_in(tmp_path)
    with pytest.raises(errors.ArchiveError) as caught:
        load.load(a_load(source, model_dir))
    assert str(caught.value) == f"file://{source}: '../escaped' leads out of the model directory"
    assert sorted(path.name for path in model_dir.iterdir()) == [".model-loader"]
    assert not (tmp_path / "escaped").exists()


def test_the_sizes_of_the_settings_are_kept_to(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    config = a_load(archives.an_archive().with_file("model", bytes(100_000)).packed_in(tmp_path), model_dir)
    with pytest.raises(errors.ArchiveError, match="MODEL_LOADER_MAX_UNPACKED_SIZE allows"):
        load.load(dataclasses.replace(config, max_unpacked_size=5000))
    with pytest.raises(errors.DownloadError, match="MODEL_LOADER_MAX_ARTEFACT_SIZE allows"):
        load.load(dataclasses.replace(config, max_artefact_size=50))


def test_a_full_disk_is_told_as_one(tmp_path: pathlib.Path, model_dir: pathlib.Path) -> None:
    source = tmp_path / "model.json"
    source.write_bytes(b"{}")
    with pytest.raises(errors.DownloadError, match=f"model.json: no space left in {model_dir}"):
        load.load(a_load(source, model_dir), open_store=lambda _: OntoAFullDisk())


class OntoAFullDisk:
    identity = ""

    def open(self, name: str, *, begin_at: int, e_tag: str) -> artefact.Artefact:
        raise OSError(errno.ENOSPC, "No space left on device", f"{name}{begin_at}{e_tag}")

    def is_folder(self) -> bool:
        return False

    def listing(self) -> Iterator[artefact.Listed]:
        return iter(())
