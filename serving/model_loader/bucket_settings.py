"""How the buckets of S3, Google Cloud Storage and Azure are reached, read from the environment.

The variables are those that the clouds' own programs know. What is not named here, such as AWS_SESSION_TOKEN or
GOOGLE_BEARER_TOKEN, obstore reads itself, under the same names.
"""

import base64
import binascii
import json
import re
from typing import Any
from urllib import parse

from obstore import store as obstores

from model_loader import data_url, errors, store_settings
from model_loader.store_settings import Environment, StoreSettings

_AWS_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_GOOGLE_KEY = "GOOGLE_SERVICE_ACCOUNT_KEY"
_GOOGLE_FILES = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH")
_GOOGLE_CREDENTIALS = (_GOOGLE_KEY, "GOOGLE_BEARER_TOKEN", *_GOOGLE_FILES)
_AZURE_ACCOUNT = "AZURE_STORAGE_ACCOUNT_NAME"
_AZURE_KEYS = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY")
_AZURE_CREDENTIALS = (
    *_AZURE_KEYS,
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_CLIENT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
)
_CREDENTIALS = {"s3": _AWS_CREDENTIALS, "gs": _GOOGLE_CREDENTIALS, "az": _AZURE_CREDENTIALS}
"""Any of these says where credentials come from."""
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_NAMES = {"s3": "S3", "gs": "Google Cloud Storage", "az": "Azure"}
_ENDPOINT = re.compile(r"https?://[\w.:@\[\]-]+(/[\w.:@~%/-]*)?", re.ASCII | re.IGNORECASE)
_TRUE = frozenset({"1", "true", "yes", "on"})


def of_bucket(
    location: data_url.StoredObject, environment: Environment, stall_timeout: float
) -> StoreSettings:
    """How the bucket of a location is reached. Raises SettingsError; ``stall_timeout`` in seconds."""
    endpoint = _endpoint(environment, _ENDPOINTS[location.kind])
    choices: dict[str, Any] = {
        "client_options": store_settings.client_options(
            environment, stall_timeout, allow_http=endpoint.lower().startswith("http://")
        ),
        "retry_config": store_settings.NO_RETRIES,
    }
    if endpoint and not _set(environment, _CREDENTIALS[location.kind]):
        choices["skip_signature"] = True  # a store of one's own, without keys, is read anonymously
    match location.kind:
        case "s3":
            store = _s3(location, environment, endpoint, choices)
        case "gs":
            store = _gs(location, environment, endpoint, choices)
        case "az":
            store = _az(location, environment, endpoint, choices)
    account = _account(location, environment)
    return StoreSettings(
        store=store,
        key=location.key,
        is_prefix=data_url.is_prefix(location),
        host=parse.urlsplit(endpoint).netloc.rpartition("@")[2] or _NAMES[location.kind],
        shown=location.shown,
        identity=" ".join((location.kind, endpoint, account, location.bucket, location.key)),
    )


def _s3(
    location: data_url.StoredObject, environment: Environment, endpoint: str, choices: dict[str, Any]
) -> obstores.ObjectStore:
    if ("AWS_ACCESS_KEY_ID" in environment) != ("AWS_SECRET_ACCESS_KEY" in environment):
        raise errors.SettingsError(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together; one of them is missing"
        )
    if endpoint:
        choices["endpoint"] = endpoint
        if environment.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "").lower() in _TRUE:
            # obstore leaves it to us to put the bucket before the host.
            choices["endpoint"] = _virtual_host(endpoint, location.bucket)
    return store_settings.made(lambda: obstores.S3Store(location.bucket, **choices), _trouble("AWS_*", "S3"))


def _gs(
    location: data_url.StoredObject, environment: Environment, endpoint: str, choices: dict[str, Any]
) -> obstores.ObjectStore:
    for name in _GOOGLE_FILES:
        if environment.get(name, "").lstrip().startswith("{"):
            raise errors.SettingsError(
                f"{name} is the name of a file; put the key itself under {_GOOGLE_KEY}"
            )
    if _GOOGLE_KEY in environment and not _is_service_account(environment[_GOOGLE_KEY]):
        raise errors.SettingsError(
            f"{_GOOGLE_KEY} is no service account's key: JSON with client_email and private_key"
        )
    if endpoint:
        choices["base_url"] = endpoint
    return store_settings.made(
        lambda: obstores.GCSStore(location.bucket, **choices), _trouble("GOOGLE_*", _NAMES["gs"])
    )


def _az(
    location: data_url.StoredObject, environment: Environment, endpoint: str, choices: dict[str, Any]
) -> obstores.ObjectStore:
    choices["account_name"] = _account(location, environment)
    if not choices["account_name"]:
        raise errors.SettingsError(
            f"{location.shown}: set {_AZURE_ACCOUNT}, or name the account in the dataUrl"
        )
    for name in _AZURE_KEYS:
        if name in environment and not _is_base64(environment[name]):
            raise errors.SettingsError(f"{name} is no account key: it is not written in base64")
    if endpoint:
        choices["endpoint"] = endpoint
    return store_settings.made(
        lambda: obstores.AzureStore(location.bucket, **choices), _trouble("AZURE_*", _NAMES["az"])
    )


def _account(location: data_url.StoredObject, environment: Environment) -> str:
    return location.account or (environment.get(_AZURE_ACCOUNT, "") if location.kind == "az" else "")


def _virtual_host(endpoint: str, bucket: str) -> str:
    parts = parse.urlsplit(endpoint)
    if parts.netloc.startswith(f"{bucket}."):
        return endpoint
    return parse.urlunsplit(parts._replace(netloc=f"{bucket}.{parts.netloc}"))


def _is_service_account(text: str) -> bool:
    try:
        key = json.loads(text)
    except ValueError:
        return False
    return isinstance(key, dict) and {"client_email", "private_key"} <= key.keys()


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def _endpoint(environment: Environment, names: tuple[str, ...]) -> str:
    """The address of a store of one's own, "" for the cloud's. obstore would panic on what is none."""
    name = _set(environment, names)
    if name and not _is_endpoint(environment[name]):
        raise errors.SettingsError(f"{name} must be a URL like https://HOST or http://HOST:PORT")
    return environment[name].rstrip("/") if name else ""


def _is_endpoint(text: str) -> bool:
    try:
        parts = parse.urlsplit(text)
        return bool(_ENDPOINT.fullmatch(text) and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _set(environment: Environment, names: tuple[str, ...]) -> str:
    """The first of the variables that is set, "" if none is."""
    return next((name for name in names if environment.get(name)), "")


def _trouble(variables: str, store: str) -> str:
    return f"the {variables} variables describe no {store} store that can be used"
