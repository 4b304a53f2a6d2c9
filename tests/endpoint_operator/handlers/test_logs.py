import json
import logging

import pytest

from endpoint_operator.handlers import logs


def a_record(name: str, level: int, message: str, *, with_exception: bool = False) -> logging.LogRecord:
    error = ValueError("broken")
    exc_info = (ValueError, error, None) if with_exception else None
    return logging.LogRecord(name, level, "file.py", 1, message, (), exc_info)


@pytest.mark.parametrize(
    ("name", "level", "message", "wanted"),
    [
        ("endpoint_operator", logging.INFO, "leading", True),
        ("kopf._core.x", logging.INFO, "Initial authentication has finished.", False),
        ("kopf._core.x", logging.ERROR, "Resource observer has failed: why", True),
        ("kopf._cogs.x", logging.ERROR, "Request attempt #1/9 failed; will retry", False),
        ("kopf._core.x", logging.WARNING, "OS signals are ignored: running not in the main thread.", False),
    ],
)
def test_of_kopfs_lines_only_those_that_help_are_kept(
    name: str, level: int, message: str, *, wanted: bool
) -> None:
    assert logs.is_wanted(a_record(name, level, message)) is wanted


def test_where_in_kopf_an_error_came_up_is_not_told() -> None:
    record = a_record("kopf.x", logging.ERROR, "failed", with_exception=True)
    assert logs.is_wanted(record)
    assert record.exc_info is None


def test_a_json_line_is_one_object_with_the_exception_in_it() -> None:
    line = logs.JsonFormatter().format(a_record("x", logging.ERROR, "two\nlines", with_exception=True))
    assert "\n" not in line
    document = json.loads(line)
    assert (document["level"], document["logger"], document["message"]) == ("error", "x", "two\nlines")
    assert "ValueError: broken" in document["exception"]
    assert document["time"].endswith("Z")
