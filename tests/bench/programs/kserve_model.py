"""KServe's XGBoost server in short: ``python kserve_model.py PORT MODEL``.

KServe's own (xgbserver) is not on PyPI; what it does for a request is the three lines of `Model.predict`.
"""

import sys
from typing import Any

import kserve
import numpy as np
import xgboost


class Model(kserve.Model):  # type: ignore[misc]
    """A loaded booster."""

    def __init__(self, path: str) -> None:
        super().__init__("m")
        self._booster = xgboost.Booster(params={"nthread": 1}, model_file=path)
        self.ready = True

    def predict(self, payload: dict[str, Any], headers: Any = None, response_headers: Any = None) -> Any:
        """Answer one request."""
        del headers, response_headers
        rows = xgboost.DMatrix(np.array(payload["instances"]), nthread=1)
        return {"predictions": self._booster.predict(rows).tolist()}


if __name__ == "__main__":
    server = kserve.ModelServer(
        http_port=int(sys.argv[1]), workers=1, enable_grpc=False, enable_latency_logging=False
    )
    server.start([Model(sys.argv[2])])
