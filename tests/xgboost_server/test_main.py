"""How the program ends when it cannot serve: one line, exit 1, never a traceback."""

import pickle
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.xgboost_server import models, running
from xgboost_server import __main__ as program


@pytest.fixture(autouse=True)
def _signals_stay_as_they_are() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_model_that_cannot_be_loaded_is_one_line_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "xgboost-model").write_bytes(pickle.dumps({"a": 1}))
    run = subprocess.run(
        [running.PROGRAM, "serve", "--model-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("ModelLoadFailed: xgboost-model is a Python pickle")
    assert run.stderr.count("\n") == 1


def test_the_line_is_left_as_termination_message(tmp_path: Path) -> None:
    message = tmp_path / "termination-log"
    message.touch()
    assert program.main(["--model-dir", str(tmp_path / "none")], message) == 1
    assert message.read_text().startswith("ModelLoadFailed: cannot read the model directory ")


def test_without_a_termination_log_none_is_made(tmp_path: Path) -> None:
    assert program.main(["--model-dir", str(tmp_path / "none")], tmp_path / "log") == 1
    assert not (tmp_path / "log").exists()


def test_bad_settings_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--port", "http"], tmp_path / "log") == 1
    assert capsys.readouterr().err == (
        "SettingsRefused: --port must be a whole number from 0 to 65535, not 'http'\n"
    )


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = models.a_model_dir(tmp_path / "model", models.a_booster())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status = program.main(
            ["--model-dir", str(folder), "--host", "127.0.0.1", "--port", port], tmp_path / "log"
        )
    assert status == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("SettingsRefused: cannot listen: ")


def test_help_says_how_to_run_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for word in ("--model-dir", "[SM_MODEL_DIR]", "--port", "[SAGEMAKER_BIND_TO_PORT]", "--threads", "serve"):
        assert word in said
