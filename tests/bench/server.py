"""The model server beside MLServer 1.7.1, one row a request: ``python -m tests.bench.server``.

Both serve the same model (69 features, 100 trees, written by the XGBoost that MLServer runs) on one core; wrk is on
another and takes turns, so that what else the machine does hits both. MLServer gets what makes it fastest here: no
worker processes, one OpenMP thread, JSON prepared beforehand. Prints predictions per second and the ratio, writes
build/bench/server.json. MLServer is installed once, into a virtual environment under $POINTSMAN_CACHE.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FEATURES = 69
REQUIREMENTS = ("mlserver==1.7.1", "mlserver-xgboost==1.7.1", "xgboost==2.1.4")

_TRAIN = """
import sys, numpy, xgboost
random = numpy.random.default_rng(7)
rows = random.normal(size=(2000, {features})).astype("float32")
label = rows[:, :5].sum(axis=1) > 0
booster = xgboost.train({{"objective": "binary:logistic", "max_depth": 5}}, xgboost.DMatrix(rows, label), 100)
booster.save_model(sys.argv[1])
"""
_WRK_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "{content_type}"
local bodies, next = {{}}, 0
for line in io.lines("{bodies}") do bodies[#bodies + 1] = line end
request = function() next = next % #bodies + 1; return wrk.format(nil, nil, nil, bodies[next]) end
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server process: how it is started, where it answers, and what it is sent."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str
    url: str
    content_type: str
    bodies: list[str]


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.server", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="length of one turn")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each server")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--output", type=Path, default=Path("build/bench/server.json"))
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("needs wrk: apt-get install wrk")
    results = _compare(options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written: {options.output}")


def _compare(options: argparse.Namespace) -> dict[str, object]:
    cores = sorted(os.sched_getaffinity(0))
    python = _mlserver()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        contenders = _contenders(python, Path(folder))
        loads = {}
        for contender in contenders:
            running.enter_context(_process(str(cores[0]), contender, Path(folder)))
            loads[contender.name] = [
                "taskset", "-c", str(cores[-1]), "wrk", "-t1", "-s", str(_script(contender, Path(folder))),
                contender.url,
            ]  # fmt: skip
        return {
            f"c={count}": _measure(loads, count, options.rounds, options.seconds)
            for count in options.connections
        }


def _mlserver() -> str:
    """Python of a virtual environment that has MLServer; made when it is not there."""
    cache = Path(os.environ.get("POINTSMAN_CACHE") or Path.home() / ".cache" / "pointsman")
    folder = cache / "mlserver-1.7.1"
    python, done = folder / "bin" / "python", folder / ".installed"
    if not done.exists():
        print("installing MLServer 1.7.1 to compare with")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
        done.touch()
    return str(python)


def _contenders(python: str, folder: Path) -> list[Contender]:
    models = folder / "models"
    models.mkdir()
    subprocess.run([python, "-c", _TRAIN.format(features=FEATURES), models / "model.json"], check=True)
    rows = np.random.default_rng(1).normal(size=(200, FEATURES)).round(3).tolist()
    port, mlserver_port, grpc_port, metrics_port = _free_ports(4)
    settings = {"parallel_workers": 0, "host": "127.0.0.1", "http_port": mlserver_port}
    settings |= {"grpc_port": grpc_port, "metrics_port": metrics_port}
    model = {
        "implementation": "mlserver_xgboost.XGBoostModel",
        "parameters": {"uri": str(models / "model.json")},
    }
    (folder / "m").mkdir()
    (folder / "m" / "settings.json").write_text(json.dumps(settings))
    (folder / "m" / "model-settings.json").write_text(json.dumps({"name": "m", **model}))
    return [
        Contender(
            name="ours",
            command=[
                sys.executable, "-m", "xgboost_server", "--model-dir", str(models), "--host", "127.0.0.1",
                "--port", str(port),
            ],
            environment={},
            ready_url=f"http://127.0.0.1:{port}/ping",
            url=f"http://127.0.0.1:{port}/invocations",
            content_type="text/csv",
            bodies=[",".join(map(repr, row)) for row in rows],
        ),
        Contender(
            name="mlserver",
            command=[str(Path(python).with_name("mlserver")), "start", str(folder / "m")],
            environment={"OMP_NUM_THREADS": "1"},
            ready_url=f"http://127.0.0.1:{mlserver_port}/v2/models/m/ready",
            url=f"http://127.0.0.1:{mlserver_port}/v2/models/m/infer",
            content_type="application/json",
            bodies=[json.dumps({"inputs": [_input(row)]}) for row in rows],
        ),
    ]  # fmt: skip


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as probes:
        sockets = [probes.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in sockets]


def _input(row: list[float]) -> dict[str, object]:
    return {"name": "rows", "shape": [1, FEATURES], "datatype": "FP32", "data": row}


def _script(contender: Contender, folder: Path) -> Path:
    bodies, script = folder / f"{contender.name}.txt", folder / f"{contender.name}.lua"
    bodies.write_text("\n".join(contender.bodies) + "\n")
    script.write_text(_WRK_SCRIPT.format(content_type=contender.content_type, bodies=bodies))
    return script


def _measure(loads: dict[str, list[str]], connections: int, rounds: int, seconds: int) -> dict[str, object]:
    rates: dict[str, list[float]] = {name: [] for name in loads}
    latencies: dict[str, list[float]] = {name: [] for name in loads}
    for load in loads.values():
        _wrk(load, connections, 1)  # nobody is measured cold
    for _ in range(rounds):
        for name, load in loads.items():
            rate, latency = _wrk(load, connections, seconds)
            rates[name].append(rate)
            latencies[name].append(latency)
    ratios = [ours / theirs for ours, theirs in zip(rates["ours"], rates["mlserver"], strict=True)]
    row: dict[str, object] = {
        "predictions_per_second": {name: statistics.median(values) for name, values in rates.items()},
        "p99_milliseconds": {name: statistics.median(values) for name, values in latencies.items()},
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }
    print(f"c={connections}: {json.dumps(row)}", flush=True)
    return row


def _wrk(load: list[str], connections: int, seconds: int) -> tuple[float, float]:
    """Requests per second, and the 99th percentile of their latency in milliseconds."""
    command = [*load, f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"requests failed:\n{output}")
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\s[\s\S]*Requests/sec:\s+([\d.]+)", output)
    if found is None:
        raise RuntimeError(f"no report of wrk:\n{output}")
    return float(found[3]), float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]]


@contextlib.contextmanager
def _process(core: str, contender: Contender, folder: Path) -> Iterator[None]:
    """The server on one core, answering; ended at the end."""
    log = folder / f"{contender.name}.log"
    environment = {**os.environ, **contender.environment}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["taskset", "-c", core, *contender.command], stdout=output, stderr=output, env=environment
        ) as process,
    ):
        try:
            _until_ready(contender, process, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _until_ready(contender: Contender, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(contender.ready_url, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{contender.name} does not start:\n{log.read_text()}")


if __name__ == "__main__":
    main()
