import pathlib
import re

import pytest

from model_loader import cache, data_url, errors, settings

DATA_URL = {"MODEL_DATA_URL": "file:///m.json"}


def test_the_environment_of_a_pod_is_enough() -> None:
    config = settings.read(
        [],
        {
            "MODEL_DATA_URL": "s3://models/model.tar.gz",
            "SM_MODEL_DIR": "/somewhere",
            "MODEL_IDENTITY_FILE": "/identity/identity.json",
            "AWS_REGION": "eu-central-1",
            "HOME": "/root",
        },
    )
    assert config.location == data_url.StoredObject(
        "s3", "models", "model.tar.gz", "s3://models/model.tar.gz"
    )
    assert config.model_dir == pathlib.Path("/somewhere")
    assert config.identity_file == pathlib.Path("/identity/identity.json")
    assert config.environment == {"AWS_REGION": "eu-central-1"}


def test_what_is_not_said_has_sagemakers_and_our_defaults() -> None:
    config = settings.read([], DATA_URL)
    assert config.model_dir == pathlib.Path("/opt/ml/model")
    assert config.identity_file == pathlib.Path("/etc/pointsman/model-identity/identity.json")
    assert (config.max_artefact_size, config.max_unpacked_size) == (5 * 2**30, 10 * 2**30)


def test_an_option_beats_the_environment() -> None:
    config = settings.read(["--data-url", "file:///other", "--max-files", "7"], DATA_URL)
    assert config.location.shown == "file:///other"
    assert config.max_files == 7


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("500Mi", 500 * 2**20), ("5Gi", 5 * 2**30), ("2k", 2000), ("1T", 10**12)]
)
def test_sizes_are_written_as_kubernetes_writes_them(text: str, size: int) -> None:
    assert settings.read(["--max-artefact-size", text], DATA_URL).max_artefact_size == size


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--max-artefact-size", "0"],
            "--max-artefact-size must be a size above 0 like 500Mi or 5Gi, not '0'",
        ),
        (["--max-unpacked-size", "5 Gi"], "--max-unpacked-size must be a size"),
        (["--max-unpacked-size", "-1"], "--max-unpacked-size must be a size"),
        (["--attempts", "0"], "--attempts must be a whole number above 0"),
        (["--attempts", "many"], "--attempts must be a whole number above 0"),
        (["--stall-timeout", "1.5"], "--stall-timeout must be a whole number above 0"),
        (["--colour"], "unrecognized arguments: --colour"),
        (["--data", "file:///x"], "unrecognized arguments"),
    ],
)
def test_a_bad_option_is_refused_by_name(arguments: list[str], message: str) -> None:
    with pytest.raises(errors.SettingsError, match=message):
        settings.read(arguments, DATA_URL)


def test_no_model_at_all_is_refused_with_what_to_set() -> None:
    with pytest.raises(errors.SettingsError, match="set MODEL_DATA_URL or --data-url"):
        settings.read([], {})


def test_a_secret_that_ends_in_a_line_break_is_named_but_not_shown() -> None:
    with pytest.raises(errors.SettingsError) as caught:
        settings.read([], {**DATA_URL, "AWS_SECRET_ACCESS_KEY": "hunter2\n"})
    assert str(caught.value) == "AWS_SECRET_ACCESS_KEY begins or ends with a blank or a line break"


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "GOOGLE_BEARER_TOKEN", "HTTP_PASSWORD"])
@pytest.mark.parametrize("inside", ["\n", "\t", "\x7f"])
def test_a_secret_with_a_line_break_inside_is_named_but_not_shown(name: str, inside: str) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        settings.read([], {**DATA_URL, name: f"hun{inside}ter2"})
    assert str(caught.value) == f"{name} has a line break or another control character in it"


def test_a_secret_that_is_a_document_may_have_line_breaks() -> None:
    documents = {
        "GOOGLE_SERVICE_ACCOUNT_KEY": '{"a":\n 1}\n',
        "CA_CERTIFICATES": "# Our own CA\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    }
    assert settings.read([], {**DATA_URL, **documents}).environment == documents


def test_what_tells_of_stores_is_kept_and_nothing_else() -> None:
    told = {
        "AZURE_STORAGE_SAS_KEY": "a",
        "HTTP_BEARER_TOKEN": "b",
        "HTTP_USERNAME": "c",
        "HTTP_PASSWORD": "d",
    }
    assert settings.read([], {**DATA_URL, **told, "HTTP_PROXY": "x", "AWS_REGION": ""}).environment == told


def test_there_is_a_cache_only_if_it_has_a_place() -> None:
    assert settings.read([], DATA_URL).cache is None
    environment = {**DATA_URL, "MODEL_LOADER_CACHE_DIR": "/cache", "POINTSMAN_NAMESPACE": "team-a"}
    cached = settings.read(["--cache-size", "1Gi"], environment).cache
    assert cached == cache.Cache(pathlib.Path("/cache/team-a"), pathlib.Path("/cache"), 2**30)


def test_help_shows_no_signature_of_a_url(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        settings.read(["--help"], {"MODEL_DATA_URL": "https://host/model?X-Amz-Signature=hunter2"})
    assert caught.value.code == 0
    assert "hunter2" not in capsys.readouterr().out


def test_help_says_of_each_option_what_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings.read(["--help"], {})
    wanted = re.findall(r"^  --[a-z-]+ (\S+)", capsys.readouterr().out, re.MULTILINE)
    assert set(wanted) == {"URL", "DIR", "FILE", "SIZE", "N", "SECONDS"}
