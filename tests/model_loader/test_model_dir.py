import pathlib

import pytest

from model_loader import errors, model_dir


def test_a_new_directory_is_made_and_readable_by_all(tmp_path: pathlib.Path) -> None:
    workplace = model_dir.begin(tmp_path / "a" / "model")
    assert workplace.parent == tmp_path / "a" / "model"
    assert workplace.parent.stat().st_mode & 0o777 == 0o755


def test_what_was_filled_appears_at_the_top_and_the_workplace_is_empty(tmp_path: pathlib.Path) -> None:
    workplace = model_dir.begin(tmp_path / "model")
    (workplace / "artefact").write_bytes(b"archive")
    filled = workplace / "filled"
    (filled / "code").mkdir(parents=True)
    (filled / "xgboost-model").write_bytes(b"{}")
    assert model_dir.finish(tmp_path / "model", filled) == ["code", "xgboost-model"]
    assert sorted(path.name for path in (tmp_path / "model").rglob("*")) == [
        ".model-loader",
        "code",
        "xgboost-model",
    ]


def test_a_run_that_was_interrupted_leaves_nothing_to_the_next(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / "model"
    workplace = model_dir.begin(directory)
    (workplace / "artefact").write_bytes(b"half")
    (directory / "moved-already").write_bytes(b"old")
    (directory / "dangling").symlink_to("/nowhere")
    model_dir.begin(directory)
    assert [path.name for path in directory.rglob("*")] == [model_dir.MARK]


def test_a_directory_with_somebody_elses_files_is_not_touched(tmp_path: pathlib.Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(errors.SettingsError, match="is not empty, and not from an earlier load"):
        model_dir.begin(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_volumes_lost_and_found_does_not_count(tmp_path: pathlib.Path) -> None:
    (tmp_path / "lost+found").mkdir()
    model_dir.begin(tmp_path)
    assert (tmp_path / "lost+found").exists()


def test_a_link_is_removed_and_not_followed(tmp_path: pathlib.Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    model_dir.begin(tmp_path / "model")
    (tmp_path / "model" / "link").symlink_to(elsewhere)
    model_dir.begin(tmp_path / "model")
    assert (elsewhere / "kept").exists()


def test_an_artefact_may_not_take_the_marks_name(tmp_path: pathlib.Path) -> None:
    filled = model_dir.begin(tmp_path / "model") / "filled"
    (filled / model_dir.MARK).mkdir(parents=True)
    with pytest.raises(errors.ArchiveError, match="keeps for itself"):
        model_dir.finish(tmp_path / "model", filled)


def test_a_place_that_is_no_directory_is_refused_by_name(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.SettingsError, match=f"model directory {tmp_path}/file: File exists"):
        model_dir.begin(tmp_path / "file")
