"""Opens an artefact for reading, wherever it is; the only code that talks to obstore."""

import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib import parse

import obstore
from obstore import exceptions
from obstore import store as obstores

from model_loader import data_url, errors, store_errors

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

CHUNK_SIZE = 1 << 20
_CONNECT_TIMEOUT = timedelta(seconds=5)
# obstore's own limit on a whole transfer is 30 s; ours is on stalling, however long a big artefact takes.
_TRANSFER_TIMEOUT = timedelta(hours=12)
# Retries are made by `download`, which can tell of them and begins the file and its checksum anew.
_NO_RETRIES: "RetryConfig" = {"max_retries": 0}
_FAILURES = (exceptions.BaseError, OSError, ValueError)
# Any of these says where credentials come from; without one a store of one's own is read anonymously.
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


@dataclass(frozen=True, slots=True)
class Artefact:
    """An opened artefact: size in bytes, the store's ETag ("" if it has none), and its bytes in order.

    ``chunks`` raises DownloadError.
    """

    size: int
    e_tag: str
    chunks: Iterator[bytes]


def open_artefact(location: data_url.Location, aws: Mapping[str, str], *, stall_timeout: float) -> Artefact:
    """Begin to read the artefact. Raises DownloadError, SettingsError; ``stall_timeout`` in seconds."""
    match location:
        case data_url.S3Object():
            return _open_s3(location, aws, stall_timeout)
        case data_url.WebFile():
            store = _web_store(location, aws, stall_timeout)
            host = parse.urlsplit(location.url).netloc
            return _get(store, "", shown=location.shown, host=host, stall_timeout=stall_timeout)
        case data_url.LocalFile():
            return _open_local(location)


def _open_s3(location: data_url.S3Object, aws: Mapping[str, str], stall_timeout: float) -> Artefact:
    if ("AWS_ACCESS_KEY_ID" in aws) != ("AWS_SECRET_ACCESS_KEY" in aws):
        raise errors.SettingsError(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together; one of them is missing"
        )
    endpoint = aws.get("AWS_ENDPOINT_URL_S3") or aws.get("AWS_ENDPOINT_URL") or aws.get("AWS_ENDPOINT") or ""
    is_anonymous = bool(endpoint) and not any(name in aws for name in _CREDENTIALS)
    choices: dict[str, Any] = {"skip_signature": True} if is_anonymous else {}
    try:
        # What is not named here, obstore reads from the AWS_* variables itself, under AWS's names.
        store = obstores.S3Store(
            location.bucket,
            client_options=_client_options(aws, stall_timeout, allow_http=endpoint.startswith("http://")),
            retry_config=_NO_RETRIES,
            **choices,
        )
    except _FAILURES as exc:
        raise errors.SettingsError("the AWS_* variables describe no S3 store that can be used") from exc
    host = parse.urlsplit(endpoint).netloc.rpartition("@")[2] or "S3"
    return _get(store, location.key, shown=location.shown, host=host, stall_timeout=stall_timeout)


def _web_store(
    location: data_url.WebFile, aws: Mapping[str, str], stall_timeout: float
) -> obstores.HTTPStore:
    # allow_http also decides on redirects: what began encrypted may not go on in the clear.
    options = _client_options(aws, stall_timeout, allow_http=location.url.lower().startswith("http://"))
    try:
        return obstores.HTTPStore(location.url, client_options=options, retry_config=_NO_RETRIES)
    except _FAILURES as exc:
        raise errors.SettingsError(f"{location.shown}: not a URL that can be fetched") from exc


def _client_options(aws: Mapping[str, str], stall_timeout: float, *, allow_http: bool) -> "ClientConfig":
    options: ClientConfig = {
        "allow_http": allow_http,
        "connect_timeout": min(_CONNECT_TIMEOUT, timedelta(seconds=stall_timeout)),
        "read_timeout": timedelta(seconds=stall_timeout),
        "timeout": _TRANSFER_TIMEOUT,
        "user_agent": "pointsman-model-loader",
    }
    if bundle := aws.get("AWS_CA_BUNDLE"):
        try:
            options["root_certificate"] = pathlib.Path(bundle).read_bytes()
        except OSError as exc:
            raise errors.SettingsError(f"AWS_CA_BUNDLE: {bundle}: {exc.strerror}") from exc
    return options


def _get(store: obstores.ObjectStore, path: str, *, shown: str, host: str, stall_timeout: float) -> Artefact:
    def translated(exc: Exception) -> errors.DownloadError:
        return store_errors.translate(exc, shown=shown, host=host, stall_timeout=stall_timeout)

    def chunks(stream: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from stream
        except _FAILURES as exc:
            raise translated(exc) from exc

    try:
        answer = obstore.get(store, path)
        stream = iter(answer.stream(min_chunk_size=CHUNK_SIZE))
    except _FAILURES as exc:
        raise translated(exc) from exc
    return Artefact(size=answer.meta["size"], e_tag=answer.meta["e_tag"] or "", chunks=chunks(stream))


def _open_local(location: data_url.LocalFile) -> Artefact:
    def chunks() -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_SIZE):
                    yield chunk
        except OSError as exc:
            raise errors.DownloadError(f"{location.shown}: {exc.strerror}") from exc

    path = pathlib.Path(location.path)
    try:
        size = path.stat().st_size
    except OSError as exc:
        raise errors.DownloadError(f"{location.shown}: {(exc.strerror or str(exc)).lower()}") from exc
    if not path.is_file():
        raise errors.DownloadError(f"{location.shown}: not a regular file")
    # A local file has no ETag that would mean the same on another machine.
    return Artefact(size=size, e_tag="", chunks=chunks())
