"""How a store is reached: what all of them have in common, and web servers. Nothing is asked of anybody here."""

import base64
import hashlib
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib import parse

from obstore import exceptions
from obstore import store as obstores

from model_loader import data_url, errors

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

BEARER_TOKEN = "HTTP_BEARER_TOKEN"
USERNAME = "HTTP_USERNAME"
PASSWORD = "HTTP_PASSWORD"
CA_CERTIFICATES = "CA_CERTIFICATES"
CA_BUNDLE = "AWS_CA_BUNDLE"

PREFIXES = ("AWS_", "AZURE_", "GOOGLE_")
NAMES = (BEARER_TOKEN, USERNAME, PASSWORD, CA_CERTIFICATES)
"""Variables that tell of a store: those that begin with a prefix, and these."""

# Retries are made by `download`, which can tell of them and goes on where a transfer broke off.
NO_RETRIES: "RetryConfig" = {"max_retries": 0}

_CONNECT_TIMEOUT = timedelta(seconds=5)
# obstore's own limit on a whole transfer is 30 s; ours is on stalling, however long a big artefact takes.
_TRANSFER_TIMEOUT = timedelta(hours=12)

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """A store of obstore's and what to ask it for: ``key``, or all keys that begin with it.

    ``host`` and ``shown`` are for people; ``identity`` tells this location from all others, without secrets.
    """

    store: obstores.ObjectStore
    key: str
    is_prefix: bool
    host: str
    shown: str
    identity: str


def of_web_server(
    location: data_url.WebFile, environment: Environment, stall_timeout: float
) -> StoreSettings:
    """How a web file is fetched. Raises SettingsError; ``stall_timeout`` in seconds."""
    # allow_http also decides on redirects: what began encrypted may not go on in the clear.
    is_clear = location.url.lower().startswith("http://")
    options = client_options(environment, stall_timeout, allow_http=is_clear)
    if authorization := _authorization(environment):
        # Of all headers this is the one that the HTTP client takes away when a redirect leaves the host.
        options["default_headers"] = {"authorization": authorization}
    return StoreSettings(
        store=made(
            lambda: obstores.HTTPStore(location.url, client_options=options, retry_config=NO_RETRIES),
            f"{location.shown}: not a URL that can be fetched",
        ),
        key="",
        is_prefix=False,
        host=parse.urlsplit(location.url).netloc,
        shown=location.shown,
        # A query may choose the file, and may be a secret.
        identity=f"{location.shown} {hashlib.sha256(location.url.encode()).hexdigest()}",
    )


def made(make: Callable[[], obstores.ObjectStore], trouble: str) -> obstores.ObjectStore:
    """The store that ``make`` makes. Raises SettingsError that says ``trouble``, since obstore repeats secrets."""
    try:
        return make()
    except (exceptions.BaseError, OSError, ValueError) as exc:
        raise errors.SettingsError(trouble) from exc


def client_options(environment: Environment, stall_timeout: float, *, allow_http: bool) -> "ClientConfig":
    """The HTTP client's options. Raises SettingsError when the CA's certificates can't be read."""
    options: ClientConfig = {
        "allow_http": allow_http,
        "connect_timeout": min(_CONNECT_TIMEOUT, timedelta(seconds=stall_timeout)),
        "read_timeout": timedelta(seconds=stall_timeout),
        "timeout": _TRANSFER_TIMEOUT,
        "user_agent": "pointsman-model-loader",
    }
    if certificates := _ca_certificates(environment):
        options["root_certificate"] = certificates
    return options


def _ca_certificates(environment: Environment) -> bytes:
    if CA_CERTIFICATES in environment:
        certificates = environment[CA_CERTIFICATES].encode()
        if b"-----BEGIN CERTIFICATE-----" not in certificates:
            raise errors.SettingsError(f"{CA_CERTIFICATES} holds no certificate in PEM form")
        return certificates
    if CA_BUNDLE in environment:
        try:
            return pathlib.Path(environment[CA_BUNDLE]).read_bytes()
        except OSError as exc:
            raise errors.SettingsError(f"{CA_BUNDLE}: {environment[CA_BUNDLE]}: {exc.strerror}") from exc
    return b""


def _authorization(environment: Environment) -> str:
    token, user, password = (environment.get(name) for name in (BEARER_TOKEN, USERNAME, PASSWORD))
    if token is not None and (user is not None or password is not None):
        raise errors.SettingsError(f"{BEARER_TOKEN} and {USERNAME} are two ways to log in; set one of them")
    if (user is None) != (password is None):
        raise errors.SettingsError(f"{USERNAME} and {PASSWORD} go together; one of them is missing")
    if token is not None:
        return f"Bearer {token}"
    if user is not None:
        return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    return ""
