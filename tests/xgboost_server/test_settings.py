"""Options and environment."""

from pathlib import Path

import pytest

from process_group import cpu_limit
from xgboost_server import errors, settings


def test_the_defaults_are_sagemakers() -> None:
    found = settings.read(["serve"], {})
    assert (found.model_dir, found.port, found.max_body) == (Path("/opt/ml/model"), 8080, 6291456)
    assert (found.joins_several, found.default_accept, found.doubts) == (True, "", ())
    assert found.threads >= 1


def test_the_environment_is_read() -> None:
    found = settings.read(
        [],
        {
            "SM_MODEL_DIR": "/models",
            "SAGEMAKER_BIND_TO_PORT": "8090",
            "OMP_NUM_THREADS": "3",
            "SAGEMAKER_INFERENCE_ENSEMBLE": "False",
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "application/json",
            "MAX_CONTENT_LENGTH": "1000",
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, probabilities",
        },
    )
    assert (found.model_dir, found.port, found.threads) == (Path("/models"), 8090, 3)
    assert (found.joins_several, found.default_accept, found.max_body) == (False, "application/json", 1000)
    assert (found.is_batch, found.output_keys) == (True, ("predicted_label", "probabilities"))
    assert found.doubts == ()


def test_there_are_as_many_processes_as_the_cpu_limit_allows_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cpu_limit, "workers", lambda: 3)
    told = {"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    assert settings.read([], {}).workers == 3
    assert settings.read([], told).workers == 2
    assert settings.read(["--workers", "1"], told).workers == 1


def test_an_odd_environment_is_served_as_awss_container_does_and_doubted() -> None:
    found = settings.read([], {"SAGEMAKER_INFERENCE_OUTPUT": "probabilty", "MAX_CONTENT_LENGTH": "99999999"})
    assert (found.output_keys, found.max_body) == (("probabilty",), 20 * 1024 * 1024)
    output, length = found.doubts
    assert output.startswith("SAGEMAKER_INFERENCE_OUTPUT asks for probabilty, which will always be missing")
    assert length == "MAX_CONTENT_LENGTH is 99999999, the most that is possible is 20971520"


def test_empty_variables_are_as_good_as_none() -> None:
    names = ("SAGEMAKER_INFERENCE_OUTPUT", "SAGEMAKER_BATCH", "MAX_CONTENT_LENGTH", "OMP_NUM_THREADS")
    assert settings.read([], dict.fromkeys(names, "")) == settings.read([], {})


def test_options_beat_the_environment() -> None:
    environment = {"SM_MODEL_DIR": "/models", "SAGEMAKER_BIND_TO_PORT": "8090", "OMP_NUM_THREADS": "3"}
    found = settings.read(
        ["--model-dir", "/m", "--port", "0", "--threads", "2", "--host", "::1"], environment
    )
    assert (found.model_dir, found.port, found.threads, found.host) == (Path("/m"), 0, 2, "::1")


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        pytest.param(["--port", "x"], {}, "^--port must be a whole number from 0 to 65535", id="port"),
        pytest.param(["--port", ""], {"SAGEMAKER_BIND_TO_PORT": "1"}, "^--port .* not ''", id="empty port"),
        pytest.param(
            [],
            {"SAGEMAKER_BIND_TO_PORT": "70000"},
            "^SAGEMAKER_BIND_TO_PORT must be .* from 0 to 65535, not '70000'",
            id="port in the environment",
        ),
        pytest.param(["--threads", "0"], {"OMP_NUM_THREADS": "1"}, "^--threads must be", id="threads"),
        pytest.param(
            [], {"OMP_NUM_THREADS": "0"}, "^OMP_NUM_THREADS must be", id="threads in the environment"
        ),
        pytest.param(["--workers", "0"], {}, "^--workers must be a whole number", id="workers"),
        pytest.param(
            [],
            {"SAGEMAKER_MODEL_SERVER_WORKERS": "0"},
            "^SAGEMAKER_MODEL_SERVER_WORKERS must be",
            id="workers in the environment",
        ),
        pytest.param([], {"MAX_CONTENT_LENGTH": "1e6"}, "MAX_CONTENT_LENGTH must be", id="length"),
        pytest.param([], {"SAGEMAKER_INFERENCE_ENSEMBLE": "no"}, "must be true or false", id="ensemble"),
        pytest.param([], {"SAGEMAKER_BATCH": "1"}, "SAGEMAKER_BATCH must be true or false", id="batch"),
        pytest.param(
            [],
            {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "x"},
            "must be one of application/json, ",
            id="accept",
        ),
        pytest.param(["train"], {}, "invalid choice: 'train'", id="command"),
        pytest.param(["--nonsense"], {}, "unrecognized arguments: --nonsense", id="option"),
    ],
)
def test_what_makes_no_sense_is_named(arguments: list[str], environment: dict[str, str], said: str) -> None:
    with pytest.raises(errors.SettingsError, match=said):
        settings.read(arguments, environment)
