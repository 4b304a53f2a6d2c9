import ssl

import aiohttp
import pytest

from endpoint_operator.cluster import errors


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (404, "NotFound", errors.NotFoundError),
        (409, "AlreadyExists", errors.AlreadyExistsError),
        (409, "Conflict", errors.ConflictError),
        (410, "Expired", errors.ConflictError),
        (401, "Unauthorized", errors.ForbiddenError),
        (403, "Forbidden", errors.ForbiddenError),
        (400, "BadRequest", errors.RefusedError),
        (422, "Invalid", errors.RefusedError),
        (418, "Teapot", errors.RefusedError),
        (429, "TooManyRequests", errors.ThrottledError),
        (500, "InternalError", errors.ServerFailedError),
        (503, "ServiceUnavailable", errors.ServerFailedError),
    ],
)
def test_every_answer_has_its_error(status: int, reason: str, expected: type[errors.ClusterError]) -> None:
    error = errors.from_answer(status, {"reason": reason, "message": "why"}, "GET /x")
    assert type(error) is expected
    assert str(error) == f"GET /x: {status} why"


@pytest.mark.parametrize(
    "foreign",
    [
        TimeoutError(),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("cut"),
        ConnectionResetError("reset"),
        ssl.SSLError("bad"),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_every_way_of_getting_no_answer_is_unreachable(foreign: Exception) -> None:
    assert isinstance(foreign, errors.CATCHABLE)
    error = errors.from_exception(foreign, "GET /x")
    assert isinstance(error, errors.UnreachableError)
    assert str(error).startswith("GET /x: ")
    assert len(str(error)) > len("GET /x: ")


def test_an_answer_that_is_no_status_still_makes_a_readable_error() -> None:
    assert str(errors.from_answer(502, {}, "GET /x")) == "GET /x: 502"
