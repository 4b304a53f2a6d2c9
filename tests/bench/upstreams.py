"""What the proxies stand in front of: two quick model servers, and one that reads large bodies to their end.

nginx answers for the two at once, a constant prediction each: it costs the load's core less than anything else, and
what is measured is the proxy. It would answer a large body before having read it; so those name Variant3.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import contender, processes
from tests.builders import free_ports

WEIGHTS = {"Variant1": 25, "Variant2": 75}
LARGE = "Variant3"
"""The variant that reads large bodies; it has no weight."""

TARGET = "X-Amzn-SageMaker-Target-Variant"

_CONF = """
worker_processes 1; daemon off; pid {folder}/upstream.pid; error_log {folder}/upstream.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; default_type text/csv; client_body_buffer_size 64k;
  keepalive_requests 1000000000; keepalive_timeout 1h;
  server {{ listen 127.0.0.1:{first} backlog=4096; location / {{ return 200 "0.0385737\\n"; }} }}
  server {{ listen 127.0.0.1:{second} backlog=4096; location / {{ return 200 "0.7711542\\n"; }} }}
}}
"""


@dataclass(frozen=True, slots=True)
class Upstreams:
    """Where each variant answers: its port on 127.0.0.1."""

    ports: dict[str, int]
    programs: tuple[processes.Running, ...]


@contextlib.contextmanager
def running(core: int, folder: Path) -> Iterator[Upstreams]:
    """The model servers of all variants, on ``core``."""
    first, second, large = free_ports.find(3)
    conf = folder / "upstream.conf"
    conf.write_text(_CONF.format(folder=folder, first=first, second=second))
    quick: list[str | Path] = ["nginx", "-p", folder, "-e", folder / "upstream.err", "-c", conf]
    sink: list[str | Path] = [sys.executable, contender.PROGRAMS / "body_sink.py", str(large)]
    with (
        processes.running("upstream", quick, core=core, port=first, folder=folder) as one,
        processes.running("body-sink", sink, core=core, port=large, folder=folder) as other,
    ):
        yield Upstreams({"Variant1": first, "Variant2": second, LARGE: large}, (one, other))
