"""What a dataUrl says: where the artefact is, what its file is called, and how to name it without secrets."""

import posixpath
from dataclasses import dataclass
from urllib import parse

from model_loader import errors

SCHEMES = ("s3", "http", "https", "file")


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object of an S3 store; the key is taken as written, never percent-decoded."""

    bucket: str
    key: str
    shown: str


@dataclass(frozen=True, slots=True)
class WebFile:
    """Something behind http(s); ``url`` may carry a signature in its query, ``shown`` never does."""

    url: str
    path: str
    shown: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that this process can open."""

    path: str
    shown: str


Location = S3Object | WebFile | LocalFile


def read(text: str) -> Location:
    """The location in a dataUrl. Raises SettingsError, whose message repeats no query and no password."""
    scheme, separator, rest = text.partition("://")
    match scheme.lower() if separator else "":
        case "s3":
            return _s3_object(rest)
        case "http" | "https":
            return _web_file(text)
        case "file":
            return _local_file(text)
        case _:
            raise errors.SettingsError(f"dataUrl must begin with {', '.join(f'{s}://' for s in SCHEMES)}")


def file_name(location: Location) -> str:
    """The name that a single file keeps in the model directory. Raises SettingsError if there is none."""
    match location:
        case S3Object(key=path) | WebFile(path=path) | LocalFile(path=path):
            name = posixpath.basename(path)
    if name in {"", ".", ".."} or "\0" in name:
        raise errors.SettingsError(f"{location.shown}: the dataUrl names no file")
    return name


def _s3_object(rest: str) -> S3Object:
    bucket, _, key = rest.partition("/")
    shown = f"s3://{rest}"
    if not bucket or not key or key.endswith("/"):
        raise errors.SettingsError(f"{shown}: an s3 dataUrl is s3://BUCKET/KEY, with the key of one object")
    if "" in key.split("/"):
        raise errors.SettingsError(f"{shown}: the key has an empty part ('//'), which can't be fetched")
    return S3Object(bucket=bucket, key=key, shown=shown)


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
        raise errors.SettingsError(f"{shown}: a user name or password in the dataUrl is not supported")
    url = parse.urlunsplit(parts._replace(fragment=""))
    return WebFile(url=url, path=parse.unquote(parts.path), shown=shown)


def _local_file(text: str) -> LocalFile:
    parts = parse.urlsplit(text)
    path = parse.unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or "\0" in path:
        raise errors.SettingsError("a file dataUrl is file:///PATH, without a host")
    return LocalFile(path=path, shown=f"file://{path}")
