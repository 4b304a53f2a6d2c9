"""KServe's Python server with an XGBoost model, one process: see programs/kserve_model.py."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.bench import contender, environments


def contending(port: int, models: Path) -> contender.Contender:
    """It on ``port``. Raises HarnessError when it cannot be installed."""
    python = environments.of("kserve", environments.KSERVE) / "python"
    return contender.Contender(
        name="KServe",
        version=environments.KSERVE[0].partition("==")[2],
        command=[python, contender.PROGRAMS / "kserve_model.py", str(port), models / "model.json"],
        port=port,
        ready_path="/v2/models/m/ready",
        environment={"OMP_NUM_THREADS": "1"},
    )


def request(rows: Sequence[Sequence[float]]) -> bytes:
    """A prediction for ``rows``, in its own protocol: its Open Inference Protocol is slower."""
    body = json.dumps({"instances": rows}).encode()
    return contender.post("/v1/models/m:predict", {"Content-Type": "application/json"}, body)
