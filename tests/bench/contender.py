"""What takes part in a comparison: a program that is started, and the requests that it is sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "serving"
PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True, slots=True)
class Contender:
    """A program on 127.0.0.1:``port``. It can work when GET ``ready_path`` gives 200, or when the port is open."""

    name: str
    version: str
    command: Sequence[str | Path]
    port: int
    ready_path: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load: ``requests`` gives a contender's messages, sent in turn over ``connections`` connections.

    ``units`` is what one request counts for: the rows of a batch.
    """

    name: str
    connections: int
    requests: Callable[[Contender], Sequence[bytes]]
    units: int = 1


def post(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """One complete HTTP request, as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
