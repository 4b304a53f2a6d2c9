"""The load generator: wrk, with requests that were prepared beforehand and a report that is read by programs."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The requests come from a file: each one its length in a line of its own, then its bytes. A single one takes wrk's
# way for constant requests; several are sent in turn, all built before the first is sent.
_SCRIPT = """
function init(args)
  local raw, file = {}, assert(io.open(args[1], "rb"))
  for length in function() return file:read("*l") end do raw[#raw + 1] = file:read(tonumber(length)) end
  file:close()
  wrk.format = function() return raw[1] end
  if #raw > 1 then
    local next = 0
    request = function() next = next % #raw + 1; return raw[next] end
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  local form = 'RESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "worst": %d, "errors": %d}\\n'
  io.write(form:format(summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency.max, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class LoadError(Exception):
    """wrk gave no report."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one turn gave. Times in seconds; ``cpu_seconds`` is what wrk itself used."""

    requests: int
    seconds: float
    p50: float
    p99: float
    worst: float
    errors: int
    cpu_seconds: float


def prepare(folder: Path, name: str, requests: Sequence[bytes]) -> Path:
    """Write requests for `run`; the file to pass to it."""
    script = folder / "requests.lua"
    script.write_text(_SCRIPT)
    path = folder / f"{name}.requests"
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)
    return path


def run(requests: Path, *, port: int, connections: int, seconds: int, core: int) -> Outcome:
    """Send prepared requests to 127.0.0.1:``port`` for ``seconds``. Raises LoadError."""
    command = [
        "taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
        "-s", str(requests.with_name("requests.lua")), f"http://127.0.0.1:{port}/", "--", str(requests),
    ]  # fmt: skip
    before = os.times()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    except subprocess.TimeoutExpired as exc:
        raise LoadError(f"wrk did not end within {seconds + 60} s") from exc
    after = os.times()
    used = after.children_user - before.children_user + after.children_system - before.children_system
    return read(done.stdout + done.stderr, used)


def read(output: str, cpu_seconds: float) -> Outcome:
    """What wrk's script reported. Raises LoadError when it did not."""
    line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise LoadError(f"no report of wrk: {output.strip()[-500:]}")
    found = json.loads(line.removeprefix("RESULT "))
    return Outcome(
        requests=found["requests"],
        seconds=found["microseconds"] / 1e6,
        p50=found["p50"] / 1e6,
        p99=found["p99"] / 1e6,
        worst=found["worst"] / 1e6,
        errors=found["errors"],
        cpu_seconds=cpu_seconds,
    )
