"""An XGBoost model behind SageMaker's container contract: /ping, /invocations, and the numbers about them.

Nothing here knows of endpoints, variants, weights or Kubernetes: it serves one model directory.
"""

import os

# Read once, when OpenMP and OpenBLAS are loaded, so before anything else here. Neither may have threads of its own:
# XGBoost starts some while it loads a model, whatever nthread says, and a process that is forked afterwards waits for
# ever for threads that it does not have.
os.environ["OMP_THREAD_LIMIT"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
