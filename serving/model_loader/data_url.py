"""What a dataUrl says: where the artefact is, what its file is called, and how to name it without secrets."""

import posixpath
import re
from dataclasses import dataclass
from typing import Literal
from urllib import parse

from endpoint_contract import model_claim
from model_loader import errors

_SHOWN_SCHEMES = "s3://, gs://, az://, abfs(s)://, http(s)://, pvc:// or file://"
_AZURE_HOST = re.compile(r"([a-z0-9]{3,24})\.(?:dfs|blob)\.core\.windows\.net")
# Google's may be domains with their owner before them, Azure's have names like $web.
_BUCKET = re.compile(r"[\w.:$-]+", re.ASCII)
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")

Kind = Literal["s3", "gs", "az"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a bucket, or all objects below a prefix; the key is taken as written, never decoded.

    ``account`` is Azure's storage account if the URL names it, else "".
    """

    kind: Kind
    bucket: str
    key: str
    shown: str
    account: str = ""


@dataclass(frozen=True, slots=True)
class WebFile:
    """Something behind http(s); ``url`` may carry a signature in its query, ``shown`` never does."""

    url: str
    path: str
    shown: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file or directory that this process can open; ``top`` is the volume that it may not lead out of."""

    path: str
    shown: str
    top: str = "/"


Location = StoredObject | WebFile | LocalFile


def read(text: str, *, claim_dir: str = "/") -> Location:
    """The location in a dataUrl. Raises SettingsError, whose message repeats no query and no password.

    ``claim_dir`` is where the claim that a ``pvc://`` URL names is mounted.
    """
    scheme, separator, rest = text.partition("://")
    match scheme.lower() if separator else "":
        case "s3" | "gs" | "az" as kind:
            return _stored_object(kind, rest, f"{kind}://{rest}")
        case "abfs" | "abfss" as kind:
            return _azure_path(rest, f"{kind}://{rest}")
        case "http" | "https":
            return _web_file(text)
        case "pvc":
            return _on_a_claim(text, claim_dir)
        case "file":
            return _local_file(text)
        case _:
            raise errors.SettingsError(f"dataUrl must begin with {_SHOWN_SCHEMES}")


def is_prefix(location: Location) -> bool:
    """Whether the dataUrl asks for all objects below it: it ends in a slash."""
    return isinstance(location, StoredObject) and location.key.endswith("/")


def file_name(location: Location) -> str:
    """The name that a single file keeps in the model directory. Raises SettingsError if there is none."""
    match location:
        case StoredObject(key=path) | WebFile(path=path) | LocalFile(path=path):
            name = posixpath.basename(path)
    if name in {"", ".", ".."} or "\0" in name:
        raise errors.SettingsError(f"{location.shown}: the dataUrl names no file")
    return name


def _stored_object(kind: Kind, rest: str, shown: str, account: str = "") -> StoredObject:
    bucket, _, key = rest.partition("/")
    if not bucket or not key:
        raise errors.SettingsError(
            f"{shown}: this dataUrl is {shown.partition('://')[0]}://BUCKET/KEY; "
            "a KEY that ends in / stands for all files below it"
        )
    if not _BUCKET.fullmatch(bucket):
        raise errors.SettingsError(f"{shown!r}: the bucket has a character that no bucket's name has")
    _check_key(key, shown)
    return StoredObject(kind=kind, bucket=bucket, key=key, shown=shown, account=account)


def _check_key(key: str, shown: str) -> None:
    parts = key.removesuffix("/").split("/")
    if "" in parts:
        raise errors.SettingsError(f"{shown}: the key has an empty part ('//'), which can't be fetched")
    if "." in parts or ".." in parts:
        raise errors.SettingsError(f"{shown}: the key has a part '.' or '..', which can't be fetched")
    if _CONTROL_CHARACTER.search(key):
        raise errors.SettingsError(
            f"{shown!r}: the key has a control character in it, which can't be fetched"
        )


def _azure_path(rest: str, shown: str) -> StoredObject:
    authority, _, key = rest.partition("/")
    container, _, host = authority.partition("@")
    match = _AZURE_HOST.fullmatch(host)
    if not match:
        raise errors.SettingsError(
            f"{shown}: this dataUrl is abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH"
        )
    return _stored_object("az", f"{container}/{key}", shown, account=match[1])


def _web_file(text: str) -> WebFile:
    try:
        parts = parse.urlsplit(text)
        has_port_and_host = parts.hostname is not None and (parts.port or 1) > 0
    except ValueError as exc:
        raise errors.SettingsError("the dataUrl is no valid URL") from exc
    if not has_port_and_host:
        raise errors.SettingsError("the dataUrl names no host")
    shown = parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    if parts.username is not None:
        raise errors.SettingsError(
            f"{shown}: a user name or password belongs into the credentialsSecret, not into the dataUrl"
        )
    url = parse.urlunsplit(parts._replace(fragment=""))
    return WebFile(url=url, path=parse.unquote(parts.path), shown=shown)


def _on_a_claim(text: str, claim_dir: str) -> LocalFile:
    claimed = model_claim.of(text)
    if claimed is None:
        raise errors.SettingsError(f"{text}: this dataUrl is pvc://CLAIM/PATH")
    return LocalFile(path=posixpath.join(claim_dir, claimed.path), shown=text, top=claim_dir)


def _local_file(text: str) -> LocalFile:
    parts = parse.urlsplit(text)
    path = parse.unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or "\0" in path:
        raise errors.SettingsError("a file dataUrl is file:///PATH, without a host")
    return LocalFile(path=path, shown=f"file://{path}")
