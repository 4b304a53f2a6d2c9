"""What can go wrong at the API server, as a short tree of our own; foreign exceptions end here."""

import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp


class ClusterError(Exception):
    """A request to the API server did not do what was asked; trying again later may.

    ``said`` is the API server's own message, empty where it sent none.
    """

    status = 0

    def __init__(self, message: str, *, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class UnreachableError(ClusterError):
    """No answer: refused, reset, timed out. Whether a write was done is unknown."""


class NotFoundError(ClusterError):
    """404: there is no such object, or the API server does not know the kind."""

    status = 404


class AlreadyExistsError(ClusterError):
    """409 on creation: an object of this name is there already, ours or somebody else's."""

    status = 409


class ConflictError(ClusterError):
    """409 on a write: the object changed since it was read, or is another one (uid) by now."""

    status = 409


class ForbiddenError(ClusterError):
    """401 or 403: our credentials do not do; the message names the missing right."""

    status = 403


class RefusedError(ClusterError):
    """400, 413, 415, 422: the API server will never accept this content."""

    status = 422


class ThrottledError(ClusterError):
    """429: asked to slow down."""

    status = 429


class ServerFailedError(ClusterError):
    """5xx: the API server, etcd or an admission webhook is in trouble."""

    status = 500


FOREIGN: tuple[tuple[type[BaseException], type[ClusterError]], ...] = (
    (TimeoutError, UnreachableError),
    (aiohttp.ClientError, UnreachableError),
    (ssl.SSLError, UnreachableError),
    (OSError, UnreachableError),
)
"""The one table of foreign exceptions, most specific first."""

CATCHABLE = tuple(foreign for foreign, _ in FOREIGN)

BY_STATUS: Mapping[int, type[ClusterError]] = {
    400: RefusedError,
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ConflictError,
    413: RefusedError,
    415: RefusedError,
    422: RefusedError,
    429: ThrottledError,
}


def from_exception(exc: BaseException, doing: str) -> ClusterError:
    """Our error for a foreign one; ``doing`` is what was tried, such as ``GET /api/v1/…``."""
    ours = next((target for foreign, target in FOREIGN if isinstance(exc, foreign)), UnreachableError)
    return ours(f"{doing}: {str(exc) or type(exc).__name__}")


def from_answer(status: int, body: Mapping[str, Any], doing: str) -> ClusterError:
    """Our error for an answer of 400 or more, whose body is a Kubernetes ``Status`` when it is one."""
    ours = BY_STATUS.get(status, ServerFailedError if status >= 500 else RefusedError)
    if ours is ConflictError and body.get("reason") == "AlreadyExists":
        ours = AlreadyExistsError
    said = str(body.get("message") or body.get("reason") or "")
    return ours(f"{doing}: {status} {said}".rstrip(), said=said)
