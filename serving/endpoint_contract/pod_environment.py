"""Environment variables and paths that the operator sets in a variant's pod, for the programs that run there."""

# Every container of the pod. The variant's and the pod's name are for images of users' own: no program of ours reads
# them.
ENDPOINT_NAME = "POINTSMAN_ENDPOINT"
VARIANT_NAME = "POINTSMAN_VARIANT"
NAMESPACE = "POINTSMAN_NAMESPACE"
POD_NAME = "POINTSMAN_POD_NAME"
POD_IP = "POINTSMAN_POD_IP"

# Model loader
MODEL_DATA_URL = "MODEL_DATA_URL"
MODEL_IDENTITY_FILE = "MODEL_IDENTITY_FILE"
MODEL_IDENTITY_DIR = "/etc/pointsman/model-identity"
MODEL_CLAIM_DIR = "MODEL_CLAIM_DIR"
MODEL_CLAIM_DIR_DEFAULT = "/mnt/model-claim"
MODEL_CACHE_DIR = "MODEL_LOADER_CACHE_DIR"
MODEL_CACHE_DIR_DEFAULT = "/var/cache/pointsman"
MODEL_CACHE_SIZE = "MODEL_LOADER_CACHE_SIZE"

# Model server: SageMaker's container contract
MODEL_DIR = "SM_MODEL_DIR"
MODEL_DIR_DEFAULT = "/opt/ml/model"
BIND_TO_PORT = "SAGEMAKER_BIND_TO_PORT"

# Router
STATE_DIR = "POINTSMAN_STATE_DIR"
STATE_DIR_DEFAULT = "/var/lib/pointsman"
SERVICE_ACCOUNT_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"

TERMINATION_LOG = "/dev/termination-log"
"""Where a container leaves its last word for the pod's status; Kubernetes keeps 4,096 bytes of it."""

# Names of the containers of a variant's pod
CONTAINER_ROUTER = "router"
CONTAINER_MODEL_LOADER = "model-loader"
CONTAINER_MODEL_SERVER = "model"
