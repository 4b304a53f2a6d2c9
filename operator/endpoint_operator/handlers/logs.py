"""How log lines look, and which of kopf's are kept."""

import logging
import sys
import time

import orjson

TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, and ``exception`` if there is one."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """The record as its line."""
        line = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def is_wanted(record: logging.LogRecord) -> bool:
    """kopf says at level ERROR that it tries a request again: our client says once that the API does not answer."""
    if not record.name.startswith("kopf"):
        return True
    # Its messages name the error; where in kopf it came up helps nobody.
    record.exc_info = None
    text = record.getMessage()
    return record.levelno >= logging.WARNING and not text.startswith(
        ("Request attempt", "OS signals are ignored")
    )


def configure(*, form: str, level: str) -> None:
    """Log to stderr as ``form`` (text or json), from ``level`` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(TEXT))
    handler.addFilter(is_wanted)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
