import pytest

from model_loader import data_url, errors


@pytest.mark.parametrize(
    ("text", "bucket", "key", "name"),
    [
        ("s3://models/churn/1/model.tar.gz", "models", "churn/1/model.tar.gz", "model.tar.gz"),
        ("S3://models/model.json", "models", "model.json", "model.json"),
        ("s3://models/a b/100%25?#.ubj", "models", "a b/100%25?#.ubj", "100%25?#.ubj"),
    ],
)
def test_an_s3_key_is_taken_as_written(text: str, bucket: str, key: str, name: str) -> None:
    location = data_url.read(text)
    assert isinstance(location, data_url.StoredObject)
    assert (location.bucket, location.key) == (bucket, key)
    assert data_url.file_name(location) == name


@pytest.mark.parametrize(
    ("text", "kind", "bucket", "key", "account"),
    [
        ("gs://models/churn/m.json", "gs", "models", "churn/m.json", ""),
        ("az://models/churn/m.json", "az", "models", "churn/m.json", ""),
        ("abfss://models@store1.dfs.core.windows.net/churn/m.json", "az", "models", "churn/m.json", "store1"),
        ("abfs://models@store1.blob.core.windows.net/m", "az", "models", "m", "store1"),
    ],
)
def test_google_and_azure_are_named_as_their_own_programs_name_them(
    text: str, kind: str, bucket: str, key: str, account: str
) -> None:
    location = data_url.read(text)
    assert location == data_url.StoredObject(kind, bucket, key, text, account)  # type: ignore[arg-type]


@pytest.mark.parametrize("bucket", ["my.models-1", "Old_Models", "example.com:models", "$web"])
def test_a_bucket_may_have_any_name_that_a_store_gives(bucket: str) -> None:
    location = data_url.read(f"s3://{bucket}/m")
    assert isinstance(location, data_url.StoredObject)
    assert location.bucket == bucket


@pytest.mark.parametrize(
    ("text", "is_prefix"),
    [
        ("s3://models/churn/", True),
        ("gs://models/churn/1/", True),
        ("s3://models/churn", False),
        ("http://host/folder/", False),
    ],
)
def test_a_slash_at_the_end_stands_for_all_files_below_where_files_can_be_listed(
    text: str, is_prefix: bool
) -> None:
    assert data_url.is_prefix(data_url.read(text)) is is_prefix


def test_a_claims_path_is_found_where_the_claim_is_mounted() -> None:
    location = data_url.read("pvc://models/churn/m.json", claim_dir="/mnt/claim")
    assert location == data_url.LocalFile(
        "/mnt/claim/churn/m.json", "pvc://models/churn/m.json", "/mnt/claim"
    )


def test_a_web_url_keeps_its_query_for_the_server_and_hides_it_from_people() -> None:
    location = data_url.read("https://store.test:8443/a%20b/model.json?X-Amz-Signature=secret#part")
    assert isinstance(location, data_url.WebFile)
    assert location.url == "https://store.test:8443/a%20b/model.json?X-Amz-Signature=secret"
    assert location.shown == "https://store.test:8443/a%20b/model.json"
    assert data_url.file_name(location) == "model.json"


def test_a_file_url_is_percent_decoded() -> None:
    location = data_url.read("file:///models/a%20b.json")
    assert location == data_url.LocalFile(path="/models/a b.json", shown="file:///models/a b.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models/model.tar.gz", "must begin with s3://, gs://, az://, abfs"),
        ("ftp://host/model", "must begin with"),
        ("s3:/models/model", "must begin with"),
        ("s3://models", "s3://BUCKET/KEY"),
        ("s3:///key", "s3://BUCKET/KEY"),
        ("s3://models/a//b", "empty part"),
        ("s3://models//", "empty part"),
        ("s3://models/a/../b", r"a part '\.' or '\.\.'"),
        ("s3://models/../b/", r"a part '\.' or '\.\.'"),
        ("gs://models/./b", r"a part '\.' or '\.\.'"),
        ("s3://models/a\tb", "control character"),
        ("az://models/a/\x7f/", "control character"),
        ("s3://my models/a", "bucket has a character"),
        ("s3://models?/a", "bucket has a character"),
        ("s3://modèles/a", "bucket has a character"),
        ("gs://models", "gs://BUCKET/KEY"),
        ("az://models/", "az://BUCKET/KEY"),
        ("abfss://models@store1.example.com/m", "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH"),
        ("abfss://models/m", "abfss://CONTAINER@ACCOUNT"),
        ("pvc://models", "pvc://CLAIM/PATH"),
        ("pvc://Models/m", "pvc://CLAIM/PATH"),
        ("http:///model", "names no host"),
        ("http://host:port/model", "no valid URL"),
        ("http://[::1/model", "no valid URL"),
        ("file://elsewhere/model", "without a host"),
    ],
)
def test_a_url_that_names_no_artefact_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(errors.SettingsError, match=message):
        data_url.read(text)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(errors.SettingsError) as caught:
        data_url.read("https://user:hunter2@host/model.json?token=hunter3")
    assert "hunter" not in str(caught.value)
    assert "https://host/model.json" in str(caught.value)


@pytest.mark.parametrize("text", ["http://host/", "http://host", "file:///", "http://host/.."])
def test_an_artefact_without_a_usable_file_name_is_refused(text: str) -> None:
    with pytest.raises(errors.SettingsError, match="names no file"):
        data_url.file_name(data_url.read(text))
