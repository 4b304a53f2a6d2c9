"""The words that conditions and events carry as their reason, beside those of `endpoint_contract.failures`."""

# What the spec asks for
ALL_WEIGHTS_ZERO = "AllWeightsZero"
UNKNOWN_VARIANT = "UnknownVariant"
CONFIG_NOT_FOUND = "EndpointConfigNotFound"
CONFIG_INVALID = "EndpointConfigInvalid"

# How far it is
COMPLETE = "Complete"
STARTING_PODS = "StartingPods"
ROLLING_OUT = "RollingOut"
WAITING_FOR_ROUTERS = "WaitingForRouters"
CUTTING_OVER = "CuttingOver"
DRAINING = "DrainingOldPods"
BEING_DELETED = "BeingDeleted"

# Who can answer
SERVING = "Serving"
NO_READY_POD = "NoReadyPod"
SCALED_TO_ZERO = "ScaledToZero"
NO_WEIGHTED_POD = "NoWeightedPodReady"
AS_ASKED = "AsAsked"

# What routers do
APPLIED = "Applied"
APPLYING = "Applying"
ROUTER_UNREACHABLE = "RouterUnreachable"
NO_ROUTER = "NoRouter"

# What is wrong with pods and objects
NAME_CONFLICT = "NameConflict"
IMAGE_PULL_FAILED = "ImagePullFailed"
CONTAINER_CONFIG_FAILED = "ContainerConfigFailed"
CONTAINER_CRASHED = "ContainerCrashed"
OUT_OF_MEMORY = "OutOfMemory"
UNSCHEDULABLE = "Unschedulable"
EVICTED = "Evicted"
OBJECT_REFUSED = "ObjectRefused"
OBJECT_FORBIDDEN = "ObjectForbidden"
POD_CREATION_FAILED = "PodCreationFailed"
PROGRESS_DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
