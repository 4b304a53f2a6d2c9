"""The three containers of a variant's pod: model loader, router, model server."""

from collections.abc import Mapping
from typing import Any

from endpoint_contract import model_claim, pod_environment, ports
from endpoint_operator.api import endpoint_config as config_kind
from endpoint_operator.desired import images, volumes
from endpoint_operator.desired.defaults import Defaults, Resources

MODEL_PRE_STOP_SECONDS = 5
"""The model server serves on for so long after its pod began to end: longer than any router needs to hear
of it."""

STARTUP_SECONDS = 600
"""How long a model server may take to load its model before it is started anew; SageMaker allows 480."""

_RESTRICTED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
_OURS: Mapping[str, Any] = {**_RESTRICTED, "runAsNonRoot": True, "readOnlyRootFilesystem": True}


def model_loader(variant: config_kind.ProductionVariant, endpoint: str, defaults: Defaults) -> dict[str, Any]:
    """The init container that fetches the model, with the credentials that nobody else sees."""
    return {
        "name": pod_environment.CONTAINER_MODEL_LOADER,
        **_image(defaults.loader_image, defaults.image_pull_policy),
        **_credentials(variant.model.credentials_secret),
        "env": [
            *_common_environment(endpoint, variant.variant_name),
            _variable(pod_environment.MODEL_DATA_URL, variant.model.data_url),
            _variable(pod_environment.MODEL_DIR, pod_environment.MODEL_DIR_DEFAULT),
            *_cache_environment(defaults),
        ],
        "resources": _resources(defaults.loader_resources),
        "securityContext": dict(_OURS),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            volumes.mount(volumes.MODEL, pod_environment.MODEL_DIR_DEFAULT),
            volumes.mount(volumes.MODEL_IDENTITY, pod_environment.MODEL_IDENTITY_DIR, read_only=True),
            *_source_mounts(variant, defaults),
        ],
    }


def router(variant: str, endpoint: str, defaults: Defaults) -> dict[str, Any]:
    """The native sidecar: it starts before the model server and ends after it."""
    return {
        "name": pod_environment.CONTAINER_ROUTER,
        **_image(defaults.router_image, defaults.image_pull_policy),
        "restartPolicy": "Always",
        "env": [
            *_common_environment(endpoint, variant),
            _variable(pod_environment.STATE_DIR, pod_environment.STATE_DIR_DEFAULT),
        ],
        "ports": [_port("router", ports.ROUTER_DATA), _port("router-admin", ports.ROUTER_ADMIN)],
        # Ready means that it knows the route table, never that a model server lives: else nothing would start.
        "startupProbe": _probe("/readyz", ports.ROUTER_ADMIN, period=1, timeout=2, failures=120),
        "readinessProbe": _probe("/readyz", ports.ROUTER_ADMIN, period=5, timeout=2, failures=3),
        "livenessProbe": _probe("/healthz", ports.ROUTER_ADMIN, period=10, timeout=5, failures=3),
        # Tells the router to drain; its own SIGTERM comes only when the model server has gone.
        "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "kill -USR1 1"]}}},
        "resources": _resources(defaults.router_resources),
        "securityContext": dict(_OURS),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            volumes.mount(volumes.ROUTER_STATE, pod_environment.STATE_DIR_DEFAULT),
            volumes.mount(volumes.ROUTER_TOKEN, pod_environment.SERVICE_ACCOUNT_DIR, read_only=True),
        ],
    }


def model_server(variant: config_kind.ProductionVariant, endpoint: str, defaults: Defaults) -> dict[str, Any]:
    """The container that answers: SageMaker's inference container contract."""
    image = images.model(variant.model.image, defaults)
    return {
        "name": pod_environment.CONTAINER_MODEL_SERVER,
        **_image(image, defaults.image_pull_policy if images.is_ours(image, defaults) else ""),
        "args": ["serve"],
        "env": [
            *_common_environment(endpoint, variant.variant_name),
            _variable(pod_environment.MODEL_DIR, pod_environment.MODEL_DIR_DEFAULT),
            _variable(pod_environment.BIND_TO_PORT, str(ports.MODEL_SERVER)),
            *(_variable(name, value) for name, value in sorted(variant.model.env.items())),
        ],
        "ports": [_port("model", ports.MODEL_SERVER)],
        "startupProbe": _probe("/ping", ports.MODEL_SERVER, period=1, timeout=2, failures=STARTUP_SECONDS),
        "readinessProbe": _probe("/ping", ports.MODEL_SERVER, period=5, timeout=2, failures=3),
        # Only a server that has not answered for a minute is started anew: a long prediction is no reason.
        "livenessProbe": _probe("/ping", ports.MODEL_SERVER, period=10, timeout=5, failures=6),
        "lifecycle": {"preStop": {"sleep": {"seconds": MODEL_PRE_STOP_SECONDS}}},
        "resources": _resources(variant.resources),
        "securityContext": _model_security(variant, image, defaults),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [volumes.mount(volumes.MODEL, pod_environment.MODEL_DIR_DEFAULT, read_only=True)],
    }


def _source_mounts(variant: config_kind.ProductionVariant, defaults: Defaults) -> list[dict[str, Any]]:
    mounts = []
    if model_claim.of(variant.model.data_url):
        mounts.append(
            volumes.mount(volumes.MODEL_CLAIM, pod_environment.MODEL_CLAIM_DIR_DEFAULT, read_only=True)
        )
    if defaults.loader_cache_host_path:
        mounts.append(volumes.mount(volumes.MODEL_CACHE, pod_environment.MODEL_CACHE_DIR_DEFAULT))
    return mounts


def _cache_environment(defaults: Defaults) -> list[dict[str, Any]]:
    if not defaults.loader_cache_host_path:
        return []
    return [
        _variable(pod_environment.MODEL_CACHE_DIR, pod_environment.MODEL_CACHE_DIR_DEFAULT),
        _variable(pod_environment.MODEL_CACHE_SIZE, defaults.loader_cache_size),
    ]


def _model_security(variant: config_kind.ProductionVariant, image: str, defaults: Defaults) -> dict[str, Any]:
    # Most SageMaker images run as root and write to their own file system: such an image keeps its user. In a
    # namespace that insists on pod security "restricted" its variant names another user in securityContext.
    base = _OURS if images.is_ours(image, defaults) else _RESTRICTED
    return {**base, **(variant.security_context or {})}


def _image(image: str, pull_policy: str) -> dict[str, Any]:
    return {"image": image, **({"imagePullPolicy": pull_policy} if pull_policy else {})}


def _credentials(secret: str | None) -> dict[str, Any]:
    return {"envFrom": [{"secretRef": {"name": secret}}]} if secret else {}


def _common_environment(endpoint: str, variant: str) -> list[dict[str, Any]]:
    return [
        _variable(pod_environment.ENDPOINT_NAME, endpoint),
        _variable(pod_environment.VARIANT_NAME, variant),
        _from_field(pod_environment.NAMESPACE, "metadata.namespace"),
        _from_field(pod_environment.POD_NAME, "metadata.name"),
        _from_field(pod_environment.POD_IP, "status.podIP"),
    ]


def _variable(name: str, value: str) -> dict[str, Any]:
    # Kubernetes would expand $(NAME) in a value; what users write is meant as it stands.
    return {"name": name, "value": value.replace("$", "$$")}


def _from_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "containerPort": number, "protocol": "TCP"}


def _probe(path: str, port: int, *, period: int, timeout: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _resources(resources: Resources | config_kind.ResourceRequirements | None) -> dict[str, Any]:
    if resources is None:
        return {}
    kinds = {"requests": resources.requests, "limits": resources.limits}
    return {kind: {k: str(v) for k, v in amounts.items()} for kind, amounts in kinds.items() if amounts}
