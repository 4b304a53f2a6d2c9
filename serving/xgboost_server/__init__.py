"""An XGBoost model behind SageMaker's container contract: /ping, /invocations, and the numbers about them.

Nothing here knows of endpoints, variants, weights or Kubernetes: it serves one model directory.
"""
