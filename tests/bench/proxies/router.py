"""The router as its image runs it: the real program with all its features, in plain Python or compiled."""

import json
from pathlib import Path

from tests.bench import contender, environments, upstreams
from tests.builders import free_ports

NAME = "router"
COMPILED = "router, compiled"
WORKERS = "router, two workers"
PATH = "/endpoints/churn/invocations"


def contending(
    port: int,
    folder: Path,
    behind: upstreams.Upstreams,
    *,
    sources: Path,
    name: str = NAME,
    python: Path | None = None,
    workers: int = 1,
) -> contender.Contender:
    """The router on ``port``; ``sources`` is the folder of its packages, ``python`` by default its image's."""
    python = python or environments.locked("router") / "python"
    table = folder / f"{name}.json".replace(", ", "-")
    table.write_text(json.dumps(route_table(behind)))
    (admin,) = free_ports.find(1)
    return contender.Contender(
        name=name,
        version=environments.version_of([python, "--version"]),
        command=[
            python, "-m", "endpoint_router", "--route-table", table, "--host", "127.0.0.1",
            "--port", str(port), "--admin-port", str(admin), "--workers", str(workers),
        ],
        port=port,
        ready_path="/ping",
        environment={"PYTHONPATH": str(sources)},
    )  # fmt: skip


def route_table(behind: upstreams.Upstreams) -> dict[str, object]:
    """The table of ``--route-table``."""
    variants = [
        {
            "name": name,
            "weight": upstreams.WEIGHTS.get(name, 0),
            "backends": [{"addresses": [f"127.0.0.1:{port}"], "weight": 1}],
        }
        for name, port in behind.ports.items()
    ]
    return {"version": 1, "endpoint": "churn", "revision": 1, "variants": variants}
