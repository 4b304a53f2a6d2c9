"""Google Cloud Storage and Azure, as their emulators play them."""

import datetime
import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.model_loader import emulators, folders, program, proxies


def test_an_object_of_google_cloud_storage_is_loaded(
    loader: program.Loader, google: emulators.Google
) -> None:
    google.put("churn/1/m.json", b"{}")
    loader.environment["GOOGLE_BASE_URL"] = google.endpoint
    loader.success("gs://models/churn/1/m.json")
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}
    assert json.loads(loader.last_word)["eTag"]


def test_all_files_below_a_google_prefix_are_the_model(
    loader: program.Loader, google: emulators.Google
) -> None:
    for path, body in folders.FILES.items():
        google.put(f"folder/{path}", body)
    loader.environment["GOOGLE_BASE_URL"] = google.endpoint
    loader.success("gs://models/folder/")
    assert folders.content(loader.model_dir) == folders.FILES
    assert json.loads(loader.last_word)["sha256"] == folders.listing_checksum(folders.FILES)


def test_google_is_shown_a_token_that_the_service_accounts_key_signed(
    loader: program.Loader, google: emulators.Google
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "client_email": "loader@tests.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    }
    google.put("signed.json", b"{}")
    with proxies.a_proxy(google.endpoint, keeps_host=False) as proxy:
        loader.environment.update(
            GOOGLE_BASE_URL=proxy.url, GOOGLE_SERVICE_ACCOUNT_KEY=json.dumps(account, indent=1) + "\n"
        )
        loader.success("gs://models/signed.json")
    scheme, _, token = proxy.requests[0][1]["authorization"].partition(" ")
    assert (scheme, token.count(".")) == ("Bearer", 2)


def test_a_blob_of_azure_is_loaded_with_the_accounts_key(
    loader: program.Loader, azure: emulators.Azure
) -> None:
    azure.put("models/churn/1/m.json", b"{}")
    loader.environment.update(azure.environment())
    loader.success("az://models/churn/1/m.json")
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}
    assert json.loads(loader.last_word)["eTag"]


def test_a_blob_of_azure_is_loaded_by_its_abfss_address(
    loader: program.Loader, azure: emulators.Azure
) -> None:
    azure.put("models/churn/2/m.json", b"{}")
    loader.environment.update(azure.environment())
    del loader.environment["AZURE_STORAGE_ACCOUNT_NAME"]
    loader.success(f"abfss://models@{emulators.AZURE_ACCOUNT}.dfs.core.windows.net/churn/2/m.json")
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}


def test_all_files_below_an_azure_path_are_the_model(loader: program.Loader, azure: emulators.Azure) -> None:
    for path, body in folders.FILES.items():
        azure.put(f"models/folder/{path}", body)
    loader.environment.update(azure.environment())
    loader.success("az://models/folder/")
    assert folders.content(loader.model_dir) == folders.FILES
    assert json.loads(loader.last_word)["sha256"] == folders.listing_checksum(folders.FILES)


def test_a_blob_of_azure_is_loaded_with_a_sas_token(loader: program.Loader, azure: emulators.Azure) -> None:
    azure.put("models/shared.json", b"{}")
    loader.environment.update(
        AZURE_STORAGE_ENDPOINT=azure.endpoint,
        AZURE_STORAGE_ACCOUNT_NAME=emulators.AZURE_ACCOUNT,
        AZURE_STORAGE_SAS_KEY=emulators.sas_token(
            azure, "shared.json", lasting=datetime.timedelta(minutes=5)
        ),
    )
    loader.success("az://models/shared.json")
    assert folders.content(loader.model_dir) == {"shared.json": b"{}"}


def test_a_public_container_of_azure_is_read_without_credentials(
    loader: program.Loader, azure: emulators.Azure
) -> None:
    azure.put("public/m.json", b"{}")
    loader.environment.update(
        AZURE_STORAGE_ENDPOINT=azure.endpoint, AZURE_STORAGE_ACCOUNT_NAME=emulators.AZURE_ACCOUNT
    )
    loader.success("az://public/m.json")
    assert folders.content(loader.model_dir) == {"m.json": b"{}"}
