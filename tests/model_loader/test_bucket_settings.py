import obstore.store
import pytest

from model_loader import bucket_settings, data_url, errors, store_settings
from tests.model_loader import program, servers

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "hunter2"}
AZURE = {"AZURE_STORAGE_ACCOUNT_NAME": "models"}


def config(url: str, environment: dict[str, str]) -> dict[str, object]:
    """What obstore was told."""
    made = settings(url, environment).store
    assert isinstance(made, obstore.store.S3Store | obstore.store.GCSStore | obstore.store.AzureStore)
    return {**made.config}


def settings(url: str, environment: dict[str, str]) -> store_settings.StoreSettings:
    location = data_url.read(url)
    assert isinstance(location, data_url.StoredObject)
    return bucket_settings.of_bucket(location, environment, 10)


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("https://s3.example.com", "https://models.s3.example.com"),
        ("https://models.s3.example.com", "https://models.s3.example.com"),
        ("http://s3.example.com:9000/", "http://models.s3.example.com:9000"),
    ],
    ids=["before the host", "already there", "with a port"],
)
def test_in_virtual_host_style_the_bucket_stands_before_the_host_once(endpoint: str, asked: str) -> None:
    environment = {**KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"}
    assert config("s3://models/m", environment)["endpoint"] == asked


@pytest.mark.parametrize(
    ("url", "environment", "is_anonymous"),
    [
        ("s3://b/k", {"AWS_ENDPOINT_URL": "http://h"}, True),
        ("s3://b/k", {"AWS_ENDPOINT_URL": "http://h", **KEYS}, False),
        ("s3://b/k", {}, False),
        ("gs://b/k", {"GOOGLE_BASE_URL": "http://h"}, True),
        ("gs://b/k", {"GOOGLE_BASE_URL": "http://h", "GOOGLE_BEARER_TOKEN": "t"}, False),
        ("az://b/k", {**AZURE, "AZURE_STORAGE_ENDPOINT": "http://h"}, True),
        ("az://b/k", {**AZURE, "AZURE_STORAGE_ENDPOINT": "http://h", "AZURE_STORAGE_SAS_KEY": "a=b"}, False),
    ],
)
def test_a_store_of_ones_own_is_read_anonymously_without_credentials(
    url: str, environment: dict[str, str], is_anonymous: bool
) -> None:
    assert bool(config(url, environment).get("skip_signature")) is is_anonymous


@pytest.mark.parametrize(
    ("url", "environment", "message"),
    [
        (
            "gs://b/k",
            {"GOOGLE_APPLICATION_CREDENTIALS": ' {"a": 1}'},
            "is the name of a file; put the key itself",
        ),
        ("gs://b/k", {"GOOGLE_SERVICE_ACCOUNT_KEY": "hunter2"}, "no service account's key"),
        ("gs://b/k", {"GOOGLE_SERVICE_ACCOUNT_KEY": "[]"}, "no service account's key"),
        ("az://b/k", {}, "az://b/k: set AZURE_STORAGE_ACCOUNT_NAME, or name the account in the dataUrl"),
        ("az://b/k", {**AZURE, "AZURE_STORAGE_ACCOUNT_KEY": "hunter2!"}, "is no account key"),
        ("s3://b/k", {"AWS_ACCESS_KEY_ID": "x"}, "go together; one of them is missing"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_without_repeating_them(
    url: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        settings(url, environment)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://b/k", "AWS_ENDPOINT_URL_S3"),
        ("s3://b/k", "AWS_ENDPOINT_URL"),
        ("gs://b/k", "GOOGLE_BASE_URL"),
        ("az://b/k", "AZURE_STORAGE_ENDPOINT"),
    ],
)
@pytest.mark.parametrize(
    "endpoint",
    [
        *(
            "minio:9000",
            "minio",
            "ftp://minio",
            "http://",
            "http:///minio",
            "http://[::1",
            "http://minio:port",
        ),
        *("http://minio:99999", "http://my minio", "http://mïnio", "http://minio/a b", "http://minio?x=1"),
    ],
)
def test_an_endpoint_that_is_no_url_is_refused_by_its_variables_name(
    url: str, name: str, endpoint: str
) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        settings(url, {**AZURE, name: endpoint})
    assert str(caught.value) == f"{name} must be a URL like https://HOST or http://HOST:PORT"


@pytest.mark.parametrize(
    "endpoint",
    [
        "HTTP://minio:9000/",
        "https://a_b.example.com/a/path",
        "http://[::1]:9000",
        "http://user:hunter2@minio",
    ],
)
def test_an_endpoint_that_is_a_url_is_taken(endpoint: str) -> None:
    host = settings("s3://b/k", {"AWS_ENDPOINT_URL": endpoint}).host
    assert host in endpoint
    assert "hunter2" not in host


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("s3://a/k", {}), ("s3://b/k", {})),
        (("s3://a/k", {}), ("gs://a/k", {})),
        (("s3://a/k", {}), ("s3://a/k", {"AWS_ENDPOINT_URL": "http://h"})),
        (
            ("az://a/k", {"AZURE_STORAGE_ACCOUNT_NAME": "x"}),
            ("az://a/k", {"AZURE_STORAGE_ACCOUNT_NAME": "y"}),
        ),
    ],
    ids=["bucket", "kind", "endpoint", "account"],
)
def test_places_that_differ_in_anything_have_identities_of_their_own(
    one: tuple[str, dict[str, str]], other: tuple[str, dict[str, str]]
) -> None:
    assert settings(*one).identity != settings(*other).identity


def test_the_identity_holds_no_credentials() -> None:
    assert "hunter2" not in settings("s3://b/k", KEYS).identity


def test_the_account_of_an_abfss_address_needs_no_variable() -> None:
    url = "abfss://models@account.dfs.core.windows.net/churn/m.json"
    found = settings(url, {"AZURE_STORAGE_ACCOUNT_KEY": "aHVudGVyMg=="})
    assert (found.key, found.shown) == ("churn/m.json", url)
    assert " account models " in found.identity


AWS_KEYS = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hunter2"}
AZURE_KEY = {"AZURE_STORAGE_ACCOUNT_NAME": "models", "AZURE_STORAGE_ACCOUNT_KEY": "aHVudGVyMg=="}


@pytest.mark.parametrize(
    ("url", "endpoint", "environment", "shown"),
    [
        ("s3://b/k", "AWS_ENDPOINT_URL", AWS_KEYS, "AWS4-HMAC-SHA256 Credential=AKIA1/"),
        ("s3://b/k", "AWS_ENDPOINT_URL", {**AWS_KEYS, "AWS_SKIP_SIGNATURE": "true"}, ""),
        ("s3://b/k", "AWS_ENDPOINT_URL", {}, ""),
        ("gs://b/k", "GOOGLE_BASE_URL", {"GOOGLE_BEARER_TOKEN": "token"}, "Bearer token"),
        (
            "gs://b/k",
            "GOOGLE_BASE_URL",
            {"GOOGLE_BEARER_TOKEN": "token", "GOOGLE_SKIP_SIGNATURE": "true"},
            "",
        ),
        ("gs://b/k", "GOOGLE_BASE_URL", {}, ""),
        ("az://b/k", "AZURE_STORAGE_ENDPOINT", AZURE_KEY, "SharedKey models:"),
        ("az://b/k", "AZURE_STORAGE_ENDPOINT", {**AZURE_KEY, "AZURE_SKIP_SIGNATURE": "true"}, ""),
        ("az://b/k", "AZURE_STORAGE_ENDPOINT", AZURE, ""),
    ],
    ids=[
        *("S3 with keys", "S3 told not to sign", "S3 without keys"),
        *("Google with a token", "Google told not to sign", "Google without keys"),
        *("Azure with a key", "Azure told not to sign", "Azure without keys"),
    ],
)
def test_a_store_is_shown_what_the_secret_says_and_nothing_without(
    loader: program.Loader,
    web: servers.Web,
    url: str,
    endpoint: str,
    environment: dict[str, str],
    shown: str,
) -> None:
    loader.environment.update(environment, **{endpoint: web.url})
    loader.failure(url)
    (headers,) = web.headers
    authorization = headers.get("authorization", "")
    assert authorization.startswith(shown)
    assert bool(authorization) is bool(shown)
