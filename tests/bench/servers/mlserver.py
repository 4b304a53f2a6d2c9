"""MLServer with what makes it fastest on one core: no worker processes, one OpenMP thread."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.bench import contender, environments
from tests.bench.servers import model
from tests.builders import free_ports


def contending(port: int, models: Path) -> contender.Contender:
    """It on ``port``. Raises HarnessError when it cannot be installed."""
    environment = environments.of("mlserver", environments.MLSERVER)
    folder = models.with_name("mlserver")
    folder.mkdir(exist_ok=True)
    grpc, metrics = free_ports.find(2)
    settings = {"parallel_workers": 0, "host": "127.0.0.1", "http_port": port, "grpc_port": grpc}
    (folder / "settings.json").write_text(json.dumps({**settings, "metrics_port": metrics, "debug": False}))
    implementation = "mlserver_xgboost.XGBoostModel"
    parameters = {"uri": str(models / "model.json")}
    (folder / "model-settings.json").write_text(
        json.dumps({"name": "m", "implementation": implementation, "parameters": parameters})
    )
    return contender.Contender(
        name="MLServer",
        version=environments.MLSERVER[0].partition("==")[2],
        command=[environment / "mlserver", "start", folder],
        port=port,
        ready_path="/v2/models/m/ready",
        environment={"OMP_NUM_THREADS": "1"},
    )


def request(rows: Sequence[Sequence[float]]) -> bytes:
    """A prediction for ``rows``."""
    values = [value for row in rows for value in row]
    tensor = {"name": "rows", "shape": [len(rows), model.FEATURES], "datatype": "FP32", "data": values}
    body = json.dumps({"inputs": [tensor]}).encode()
    return contender.post("/v2/models/m/infer", {"Content-Type": "application/json"}, body)
