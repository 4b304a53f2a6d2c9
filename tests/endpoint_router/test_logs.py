import json
import logging
import sys

from endpoint_router import logs


def a_record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("endpoint_router.app", logging.WARNING, "app.py", 1, message, values, None)


def test_a_json_line_is_one_object_with_time_level_and_message() -> None:
    line = logs.JsonFormatter().format(a_record("weights %s\nnext", "50% → 25%"))
    assert "\n" not in line
    found = json.loads(line)
    assert found["time"].endswith("Z")
    assert found | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "endpoint_router.app",
        "message": "weights 50% → 25%\nnext",
    }


def test_an_exception_stays_on_its_line() -> None:
    record = a_record("failed")
    try:
        int("no")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(line)["exception"]
