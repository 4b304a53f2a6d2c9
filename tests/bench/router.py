"""The router beside nginx's ``split_clients`` on one core: ``python -m tests.bench.router``.

Both stand in front of the same two upstreams and get the same requests (a POST with a 170-byte CSV row) from wrk,
turn by turn, so that what else the machine does hits both. Proxy on one core, upstreams and wrk on another. The router
runs with the Python that its image has, Debian's, where there is one: it is a sixth faster than a Python built without
profile-guided optimisation. Prints requests per second, CPU per request (steadier on a machine that does other things),
the router's ratio to nginx in both and its memory, and writes build/bench/router.json. Takes about 70 seconds.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cluster import layout

IMAGE_PYTHON = Path("/usr/bin/python3.11")
ROOT = Path(__file__).parents[2]
ROW = "0.1234," * 24 + "77"
PATH = "/endpoints/churn/invocations"
PORTS = {"router": 18000, "nginx": 18001}

_UPSTREAM_CONF = """
worker_processes 1; daemon off; pid {directory}/upstream.pid; error_log {directory}/upstream.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/csv; client_body_buffer_size 64k;
  server {{ listen 127.0.0.1:18081 backlog=4096; location / {{ return 200 "0.0385737\\n"; }} }}
  server {{ listen 127.0.0.1:18082 backlog=4096; location / {{ return 200 "0.7711542\\n"; }} }}
}}
"""
_PROXY_CONF = """
worker_processes 1; daemon off; pid {directory}/proxy.pid; error_log {directory}/proxy.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  split_clients "$request_id" $drawn {{ 25% Variant1; * Variant2; }}
  map $http_x_amzn_sagemaker_target_variant $variant {{ "" $drawn; default $http_x_amzn_sagemaker_target_variant; }}
  upstream Variant1 {{ server 127.0.0.1:18081; keepalive 256; keepalive_requests 1000000000; }}
  upstream Variant2 {{ server 127.0.0.1:18082; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:18001 backlog=4096;
    client_max_body_size 6m; client_body_buffer_size 64k;
    location /endpoints/churn/invocations {{
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      add_header x-Amzn-Invoked-Production-Variant $variant;
      add_header x-amzn-RequestId $request_id;
      proxy_pass http://$variant/invocations;
    }}
  }}
}}
"""
_WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = "{row}"
wrk.headers["Content-Type"] = "text/csv"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sagemaker/aws4_request"
"""


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.router", description=__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="length of one turn")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each proxy")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 128])
    parser.add_argument("--output", type=Path, default=Path("build/bench/router.json"))
    options = parser.parse_args()
    missing = [program for program in ("wrk", "nginx") if shutil.which(program) is None]
    if missing:
        sys.exit(f"needs {' and '.join(missing)}: apt-get install wrk nginx")
    python = _router_python()
    print(f"router with {python}", flush=True)
    results = {"python": python, **_compare(options, python)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written: {options.output}")


def _router_python() -> str:
    """The interpreter for the router: the images', with what they install, else the one that runs this."""
    if not IMAGE_PYTHON.exists():
        return sys.executable
    locked = ROOT / ".locks" / "router.txt"
    version = hashlib.sha256(locked.read_bytes()).hexdigest()[:12]
    folder = layout.current().cache / f"bench-router-{version}"
    python, uv = folder / "bin" / "python", [sys.executable, "-m", "uv", "--quiet"]
    if not (folder / "complete").exists():
        subprocess.run([*uv, "venv", "--clear", "--python", IMAGE_PYTHON, folder], check=True)
        subprocess.run(
            [*uv, "pip", "install", "--python", python, "--require-hashes", "-r", locked], check=True
        )
        (folder / "complete").touch()
    return str(python)


def _compare(options: argparse.Namespace, python: str) -> dict[str, object]:
    cores = sorted(os.sched_getaffinity(0))
    proxy_core, load_core = str(cores[0]), str(cores[-1])
    os.environ["PYTHONPATH"] = f"{ROOT / 'serving'}:{ROOT}"
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as running:
        script = Path(directory, "post.lua")
        script.write_text(_WRK_SCRIPT.format(row=ROW))
        for name, text in (("upstream", _UPSTREAM_CONF), ("proxy", _PROXY_CONF)):
            Path(directory, f"{name}.conf").write_text(text.format(directory=directory))
        nginx = ["nginx", "-p", directory, "-c"]
        running.enter_context(_process(load_core, [*nginx, f"{directory}/upstream.conf"]))
        pids = {
            "nginx": running.enter_context(_process(proxy_core, [*nginx, f"{directory}/proxy.conf"])),
            "router": running.enter_context(
                _process(proxy_core, [python, "-m", "tests.bench.router_under_test", str(PORTS["router"])])
            ),
        }
        load = ["taskset", "-c", load_core, "wrk", "-t1", "-s", str(script), "--latency"]
        for port in PORTS.values():
            _until_listening(port)
        return {
            f"c={count}": _measure(load, count, options.rounds, options.seconds, pids)
            for count in options.connections
        }


def _measure(
    load: list[str], connections: int, rounds: int, seconds: int, pids: dict[str, int]
) -> dict[str, object]:
    rates: dict[str, list[float]] = {name: [] for name in PORTS}
    medians: dict[str, list[float]] = {name: [] for name in PORTS}
    cpu: dict[str, list[float]] = {name: [] for name in PORTS}
    for _ in range(rounds):
        for name, port in PORTS.items():
            before = _cpu_seconds(pids[name])
            report = _wrk([*load, f"-c{connections}", f"-d{seconds}s"], port)
            cpu[name].append((_cpu_seconds(pids[name]) - before) / max(1, report["requests"]) * 1e6)
            rates[name].append(report["requests_per_second"])
            medians[name].append(report["p50_microseconds"])
    rate = {name: statistics.median(values) for name, values in rates.items()}
    used = {name: statistics.median(values) for name, values in cpu.items()}
    row: dict[str, object] = {
        "requests_per_second": rate,
        "ratio": statistics.median(a / b for a, b in zip(rates["router"], rates["nginx"], strict=True)),
        "p50_microseconds": {name: statistics.median(values) for name, values in medians.items()},
        "cpu_microseconds_per_request": used,
        "cpu_ratio": used["nginx"] / used["router"],
        "router_rss_megabytes": _rss_megabytes(pids["router"]),
    }
    print(
        f"c={connections}: router {rate['router']:.0f}/s, nginx {rate['nginx']:.0f}/s, ratio {row['ratio']:.2f}; "
        f"CPU {used['router']:.1f} and {used['nginx']:.1f} us a request, ratio {row['cpu_ratio']:.2f}; "
        f"router's memory {row['router_rss_megabytes']:.0f} MB",
        flush=True,
    )
    return row


def _wrk(load: list[str], port: int) -> dict[str, float]:
    output = subprocess.run(
        [*load, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"requests failed:\n{output}")
    found = re.search(
        r"50%\s+([\d.]+)(us|ms|s)\s[\s\S]*?(\d+) requests in[\s\S]*Requests/sec:\s+([\d.]+)", output
    )
    if found is None:
        raise RuntimeError(f"no report of wrk:\n{output}")
    scale = {"us": 1.0, "ms": 1e3, "s": 1e6}[found.group(2)]
    return {
        "p50_microseconds": float(found.group(1)) * scale,
        "requests": float(found.group(3)),
        "requests_per_second": float(found.group(4)),
    }


@contextlib.contextmanager
def _process(core: str, command: list[str]) -> Iterator[int]:
    """A process pinned to a core, and its pid; it is ended at the end."""
    with subprocess.Popen(["taskset", "-c", core, *command]) as process:
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def _until_listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children, seconds."""
    ticks = 0
    for member in _family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _rss_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
