"""The program as a pod runs it: a process with an environment, real stores, and a termination log."""

import hashlib
import json
import signal

import pytest

from tests.model_loader import archives, program, servers

ARTEFACT = archives.an_archive().with_file("xgboost-model", b'{"learner": {}}').packed()


@pytest.fixture
def s3_loader(loader: program.Loader, s3: servers.S3) -> program.Loader:
    loader.environment.update(s3.environment())
    s3.client.put_object(Bucket="models", Key="churn/1/model.tar.gz", Body=ARTEFACT)
    return loader


def test_a_model_in_an_s3_store_is_loaded_and_its_identity_is_the_last_word(
    s3_loader: program.Loader, s3: servers.S3
) -> None:
    stdout, stderr = s3_loader.success("s3://models/churn/1/model.tar.gz")
    assert (s3_loader.model_dir / "xgboost-model").read_bytes() == b'{"learner": {}}'
    e_tag = s3.client.head_object(Bucket="models", Key="churn/1/model.tar.gz")["ETag"]
    assert json.loads(s3_loader.last_word) == {
        "dataUrl": "s3://models/churn/1/model.tar.gz",
        "eTag": e_tag,
        "sha256": hashlib.sha256(ARTEFACT).hexdigest(),
        "sizeBytes": len(ARTEFACT),
    }
    assert stdout == s3_loader.last_word + "\n"
    assert "fetching s3://models/churn/1/model.tar.gz" in stderr


def test_an_s3_key_with_odd_characters_is_found(s3_loader: program.Loader, s3: servers.S3) -> None:
    s3.client.put_object(Bucket="models", Key="a b/mö#d%20e+l?.json", Body=b"{}")
    s3_loader.success("s3://models/a b/mö#d%20e+l?.json")
    assert (s3_loader.model_dir / "mö#d%20e+l?.json").read_bytes() == b"{}"


def test_an_artefact_of_many_parts_arrives_whole(s3_loader: program.Loader, s3: servers.S3) -> None:
    content = bytes(range(256)) * 4096 * 12
    s3.client.put_object(Bucket="models", Key="large.ubj", Body=content)
    s3_loader.success("s3://models/large.ubj")
    assert (s3_loader.model_dir / "large.ubj").read_bytes() == content


def test_a_key_that_is_not_there_is_said_so(s3_loader: program.Loader) -> None:
    assert s3_loader.failure("s3://models/absent") == "ModelDownloadFailed: s3://models/absent: no such key"


def test_a_bucket_that_is_not_there_is_said_so(s3_loader: program.Loader) -> None:
    assert s3_loader.failure("s3://absent/key") == "ModelDownloadFailed: s3://absent/key: no such bucket"


@pytest.mark.parametrize(
    ("access_key", "secret_key", "words"),
    [
        (servers.STRANGER_ACCESS_KEY, servers.STRANGER_SECRET_KEY, "access denied (AccessDenied: "),
        (
            servers.ACCESS_KEY,
            "hunter2",
            "access denied (SignatureDoesNotMatch: the secret access key is wrong)",
        ),
        ("nobody", "hunter2", "access denied (InvalidAccessKeyId: the store does not know this access key)"),
    ],
    ids=["no right", "wrong secret", "unknown key"],
)
def test_why_access_is_denied_is_said(
    s3_loader: program.Loader, s3: servers.S3, access_key: str, secret_key: str, words: str
) -> None:
    s3_loader.environment.update(s3.environment(access_key, secret_key))
    line = s3_loader.failure("s3://models/churn/1/model.tar.gz")
    assert line.startswith(f"ModelDownloadFailed: s3://models/churn/1/model.tar.gz: {words}")


def test_a_store_of_ones_own_is_asked_without_a_name_when_there_are_no_credentials(
    loader: program.Loader, s3: servers.S3
) -> None:
    loader.environment["AWS_ENDPOINT_URL"] = s3.endpoint
    assert "access denied (AccessDenied" in loader.failure("s3://models/churn/1/model.tar.gz")


def test_a_store_that_is_not_there_is_named_after_the_last_attempt(loader: program.Loader) -> None:
    loader.environment.update(
        AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="hunter2"
    )
    line = loader.failure("s3://models/key", "--attempts", "2")
    assert line == (
        "ModelDownloadFailed: s3://models/key: cannot connect to 127.0.0.1:1 (connection refused); "
        "gave up after 2 attempts"
    )


def test_without_any_credentials_for_aws_itself_that_is_what_is_said(loader: program.Loader) -> None:
    loader.environment["AWS_METADATA_ENDPOINT"] = "http://127.0.0.1:1"
    line = loader.failure("s3://models/key", "--attempts", "1")
    assert line.startswith("ModelDownloadFailed: s3://models/key: no credentials")


def test_a_model_on_the_web_is_loaded_after_passing_trouble(loader: program.Loader, web: servers.Web) -> None:
    web.answers["/model.tar.gz"] = [
        servers.Answer(503, b"wait"),
        servers.Answer(body=ARTEFACT[:50], length=len(ARTEFACT)),
        servers.Answer(body=ARTEFACT, headers=(("ETag", '"v1"'),)),
    ]
    loader.success(f"{web.url}/model.tar.gz")
    assert len(web.requests) == 3
    assert json.loads(loader.last_word)["eTag"] == '"v1"'
    assert [path.name for path in sorted(loader.model_dir.iterdir())] == [".model-loader", "xgboost-model"]


def test_two_queries_of_one_address_are_two_models_to_a_nodes_cache(
    loader: program.Loader, web: servers.Web
) -> None:
    (loader.directory / "cache").mkdir()
    loader.environment["MODEL_LOADER_CACHE_DIR"] = str(loader.directory / "cache")
    for body in (b"one", b"two"):
        query = f"/m.json?model={body.decode()}"
        web.answers[query] = [servers.Answer(body=body, headers=(("ETag", '"v1"'),))]
        loader.success(web.url + query)
        assert (loader.model_dir / "m.json").read_bytes() == body


def test_a_page_that_is_not_there_is_asked_for_once(loader: program.Loader, web: servers.Web) -> None:
    line = loader.failure(f"{web.url}/model.tar.gz?X-Amz-Signature=hunter2")
    assert line == f"ModelDownloadFailed: {web.url}/model.tar.gz: not found (404)"
    assert len(web.requests) == 1


def test_a_changed_artefact_is_refused(s3_loader: program.Loader, s3: servers.S3) -> None:
    s3.client.put_object(Bucket="models", Key="changing.json", Body=b"1")
    s3_loader.success("s3://models/changing.json")
    (s3_loader.directory / "identity.json").write_text(s3_loader.last_word)
    s3.client.put_object(Bucket="models", Key="changing.json", Body=b"2")
    line = s3_loader.failure("s3://models/changing.json")
    assert line.startswith(
        "ModelChanged: s3://models/changing.json: this revision serves the artefact with sha256"
    )


def test_a_hostile_archive_is_refused_in_one_line(loader: program.Loader) -> None:
    source = archives.an_archive().with_file("../../escaped").packed_in(loader.directory)
    line = loader.failure(f"file://{source}")
    assert line == f"ModelArchiveRefused: file://{source}: '../../escaped' leads out of the model directory"


@pytest.mark.parametrize(
    ("url", "options", "line"),
    [
        ("", (), "SettingsRefused: no model: set MODEL_DATA_URL or --data-url"),
        (
            "ftp://b/k",
            (),
            "SettingsRefused: dataUrl must begin with s3://, gs://, az://, abfs(s)://, http(s)://, pvc:// or file://",
        ),
        (
            "file:///m",
            ("--attempts", "no"),
            "SettingsRefused: --attempts must be a whole number above 0, not 'no'",
        ),
    ],
)
def test_bad_settings_are_one_line(
    loader: program.Loader, url: str, options: tuple[str, ...], line: str
) -> None:
    assert loader.failure(url, *options) == line


KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "hunter2"}


@pytest.mark.parametrize("url", ["s3://models/key", "s3://models/folder/"])
def test_settings_on_which_the_library_panics_are_one_line_as_well(loader: program.Loader, url: str) -> None:
    loader.environment.update(KEYS, AWS_REGION="eu central 1")
    assert loader.failure(url) == (
        f"ModelDownloadFailed: {url}: no request can be made of the store's settings; "
        "check its address, region and credentials"
    )


def test_an_empty_variable_is_the_same_as_none(loader: program.Loader) -> None:
    loader.environment.update(KEYS, AWS_ENDPOINT_URL="", AWS_REGION="", HTTPS_PROXY="http://127.0.0.1:1")
    line = loader.failure("s3://models/key", "--attempts", "1")
    assert line == (
        "ModelDownloadFailed: s3://models/key: cannot connect to S3 (connection refused); gave up after 1 attempt"
    )


def test_the_end_of_the_pod_ends_a_fetch_that_hangs(loader: program.Loader, web: servers.Web) -> None:
    web.answers["/m"] = [servers.Answer(body=b"x", length=100, stalls=True)]
    process = loader.started(f"{web.url}/m")
    assert process.stderr is not None
    assert "fetching" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 128 + signal.SIGTERM
    process.communicate()
