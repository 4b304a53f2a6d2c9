"""``xgboost-server convert``: what it writes, what it refuses, and how it says so."""

import io
import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest
import xgboost

from tests.xgboost_server import binary_models, models, running
from xgboost_server import booster, convert, errors

BOOSTER = models.a_booster()


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch sprung",)


@pytest.mark.parametrize("target", ["model.json", "model.ubj"])
def test_a_pickle_becomes_a_model_that_predicts_the_same(
    tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "xgboost-model").write_bytes(pickle.dumps(BOOSTER))
    assert convert.main([str(tmp_path / "xgboost-model"), str(tmp_path / target)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("xgboost-model (a pickled Booster): gbtree, binary:logistic, 5 features; now ")
    rows = models.some_rows(50, 5)
    written = xgboost.Booster(model_file=tmp_path / target)
    assert models.expected(written, rows).tobytes() == models.expected(BOOSTER, rows).tobytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([target, "xgboost-model"])


def test_it_works_between_pipes() -> None:
    command = [running.PROGRAM, "convert", "-", "-"]
    run = subprocess.run(
        command, input=models.content(BOOSTER, "ubj"), capture_output=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.startswith(b"standard input: gbtree, binary:logistic")
    assert json.loads(run.stdout)["version"] == [int(part) for part in xgboost.__version__.split(".")]


def test_feature_names_of_the_pickle_are_put_into_the_model() -> None:
    names = ("age", "plan", "calls", "minutes", "city")
    source = convert.Source("m", models.content(BOOSTER), names, ("int", "int", "q", "float", "i"))
    content, summary = convert.convert(source, "json")
    written = xgboost.Booster(model_file=bytearray(content))
    assert (summary.features, tuple(written.feature_names or ())) == (5, names)
    assert written.feature_types == ["int", "int", "q", "float", "i"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(pickle.dumps(Evil()), "it asks for posix.system", id="malicious pickle"),
        pytest.param(pickle.dumps(BOOSTER)[:99], "it ends in the middle: truncated", id="truncated pickle"),
        pytest.param(
            binary_models.a_model(),
            "does not read: use the server image of",
            id="binary",
            marks=pytest.mark.skipif(booster.RUNNING_VERSION < (3, 1), reason="this XGBoost reads it"),
        ),
        pytest.param(b"", "m is empty", id="empty"),
        pytest.param(models.content(BOOSTER)[:-9], "truncated", id="truncated model"),
    ],
)
def test_what_cannot_be_converted_is_one_line_and_leaves_no_file(
    tmp_path: Path,
    content: bytes,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m").write_bytes(content)
    assert convert.main(["m", "m.json"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("xgboost-server convert: m ")
    assert said in told
    assert told.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


def test_a_file_that_exists_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, target = tmp_path / "m", tmp_path / "m.json"
    model.write_bytes(models.content(BOOSTER))
    target.write_text("mine")
    assert convert.main([str(model), str(target)]) == 1
    assert target.read_text() == "mine"
    assert capsys.readouterr().err.endswith("m.json exists: name another file, or remove it first\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["m"], "the following arguments are required: OUT", id="no target"),
        pytest.param(["none", "m.json"], "cannot read none: No such file or directory", id="no file"),
        pytest.param(["-", "m.bin"], "OUT must end with .json or .ubj, or be -, not 'm.bin'", id="format"),
        pytest.param(["-", "none/m.json"], "cannot write none/m.json: No such file", id="no folder"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert.main(arguments, io.BytesIO(models.content(BOOSTER))) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_model_that_saves_differently_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    other = models.content(models.a_booster(seed=5))
    source = convert.Source("m", models.content(BOOSTER))
    monkeypatch.setattr(xgboost.Booster, "save_raw", lambda *_: bytearray(other))
    with pytest.raises(errors.ModelLoadError, match="does not predict the same from m once it is saved anew"):
        convert.convert(source, "json")


def test_help_says_how_to_use_it_in_a_container(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        convert.main(["--help"])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "xgboost-server convert - - < xgboost-model > model.json" in said
