"""HTTP header names of the SageMaker runtime wire and ours, as they are sent.

Source: botocore's sagemaker-runtime service model; the ``x-Pointsman-*`` ones are this project's.
"""

TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"
TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
SAGEMAKER_PREFIX = "X-Amzn-SageMaker-"

INVOKED_PRODUCTION_VARIANT = "x-Amzn-Invoked-Production-Variant"
REQUEST_ID = "x-amzn-RequestId"
ERROR_TYPE = "x-amzn-ErrorType"
ROUTE_REASON = "x-Pointsman-Route-Reason"
