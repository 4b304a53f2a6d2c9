"""What the operator is told at its start: arguments first, then the environment, then defaults."""

import argparse
import json
import os
import re
import socket
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from endpoint_contract import release

SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")


RESOURCES = '{"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}'
SIZE = re.compile(r"[1-9][0-9]{0,17}(Ki|Mi|Gi|Ti|k|M|G|T)?")
QUANTITY = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?")

Resources = Mapping[str, Mapping[str, str]]
"""``requests`` and ``limits``, each with Kubernetes quantities by resource; either may be absent."""


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what would be right."""


class _Parser(argparse.ArgumentParser):
    """Bad options are one line like every other wrong setting."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(message.removeprefix("argument "))


@dataclass(frozen=True, slots=True)
class Settings:
    """``watch_namespace`` empty means the whole cluster; ``namespace`` is where the Lease lives. In a pod,
    ``identity`` is its name; elsewhere ``pod_uid`` is empty."""

    namespace: str
    watch_namespace: str
    router_image: str
    loader_image: str
    model_image: str
    image_pull_policy: str
    router_resources: Resources
    loader_resources: Resources
    loader_cache_host_path: str
    loader_cache_size: str
    lease_name: str
    http_host: str
    http_port: int
    workers: int
    resync_seconds: float
    drain_seconds: float
    log_format: str
    log_level: str
    identity: str
    pod_uid: str


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Settings from options, else the environment. Raises SettingsError; ends the program on --help and --version."""
    given = _parser(environment).parse_args(arguments)
    watched = _namespace_name("--namespace", given.namespace)
    own = _namespace_name("--operator-namespace", given.operator_namespace) or watched or _pod_namespace()
    return Settings(
        namespace=own,
        watch_namespace=watched,
        router_image=_filled("--router-image", given.router_image),
        loader_image=_filled("--loader-image", given.loader_image),
        model_image=_filled("--model-image", given.model_image),
        image_pull_policy=_one_of("--image-pull-policy", given.image_pull_policy, PULL_POLICIES),
        router_resources=_resources("--router-resources", given.router_resources),
        loader_resources=_resources("--loader-resources", given.loader_resources),
        loader_cache_host_path=_absolute("--loader-cache-host-path", given.loader_cache_host_path),
        loader_cache_size=_size("--loader-cache-size", given.loader_cache_size),
        lease_name=_filled("--lease-name", given.lease_name),
        http_host=given.http_host,
        http_port=int(_number("--http-port", given.http_port, low=1, high=65535, whole=True)),
        workers=int(_number("--workers", given.workers, low=1, high=256, whole=True)),
        resync_seconds=_number("--resync-seconds", given.resync_seconds, low=1, high=86400),
        drain_seconds=_number("--drain-seconds", given.drain_seconds, low=0, high=3600),
        log_format=_one_of("--log-format", given.log_format, LOG_FORMATS),
        log_level=_one_of("--log-level", given.log_level, LOG_LEVELS),
        identity=_identity(environment.get("POINTSMAN_POD_NAME", "")),
        pod_uid=environment.get("POINTSMAN_POD_UID", ""),
    )


def _identity(pod: str) -> str:
    """Who holds the Lease. A pod keeps its name when its container is restarted, which the kubelet does only once the
    former process is dead: so it goes on leading at once instead of waiting for its own Lease to run out."""
    return pod or f"{socket.gethostname()}_{uuid.uuid4().hex[:8]}"


def read_or_exit() -> Settings:
    """The settings of this process, or one line on stderr and exit code 2."""
    try:
        return read(sys.argv[1:], os.environ)
    except SettingsError as exc:
        sys.stderr.write(f"endpoint-operator: {exc}\n")
        raise SystemExit(2) from exc


OPTIONS: tuple[tuple[str, str, str, str], ...] = (
    (
        "--namespace",
        "POINTSMAN_WATCH_NAMESPACE",
        "",
        "namespace whose endpoints to serve; empty: the whole cluster",
    ),
    (
        "--operator-namespace",
        "POINTSMAN_NAMESPACE",
        "",
        "namespace of the operator's own Lease; empty: the served one, else the pod's",
    ),
    (
        "--lease-name",
        "POINTSMAN_LEASE_NAME",
        "pointsman-operator",
        "name of the Lease that decides who leads",
    ),
    ("--router-image", "POINTSMAN_ROUTER_IMAGE", "pointsman/router:{version}", "image of the router sidecar"),
    ("--loader-image", "POINTSMAN_LOADER_IMAGE", "pointsman/loader:{version}", "image of the model loader"),
    (
        "--model-image",
        "POINTSMAN_XGBOOST_IMAGE",
        "pointsman/xgboost:{version}-xgb3.2.0",
        "image of the model server for variants that name none",
    ),
    (
        "--image-pull-policy",
        "POINTSMAN_IMAGE_PULL_POLICY",
        "IfNotPresent",
        f"pull policy of those images: {', '.join(PULL_POLICIES)}",
    ),
    (
        "--router-resources",
        "POINTSMAN_ROUTER_RESOURCES",
        RESOURCES,
        "what each router asks for and may use, as in a pod but in JSON; for variants rolled out from now on",
    ),
    (
        "--loader-resources",
        "POINTSMAN_LOADER_RESOURCES",
        RESOURCES,
        "the same of each model loader",
    ),
    (
        "--loader-cache-host-path",
        "POINTSMAN_LOADER_CACHE_HOST_PATH",
        "",
        "directory of each node in which loaders share what they fetch; empty: they do not",
    ),
    (
        "--loader-cache-size",
        "POINTSMAN_LOADER_CACHE_SIZE",
        "20Gi",
        "the most that loaders keep there",
    ),
    ("--http-host", "POINTSMAN_HTTP_HOST", "0.0.0.0", "address of /healthz, /readyz and /metrics"),
    ("--http-port", "POINTSMAN_HTTP_PORT", "8080", "port of /healthz, /readyz and /metrics"),
    ("--workers", "POINTSMAN_WORKERS", "8", "how many endpoints are worked on at the same time"),
    ("--resync-seconds", "POINTSMAN_RESYNC_SECONDS", "300", "how often every endpoint is looked at anyway"),
    (
        "--drain-seconds",
        "POINTSMAN_DRAIN_SECONDS",
        "5",
        "how long replaced pods stay after the last router has let go of them",
    ),
    ("--log-format", "POINTSMAN_LOG_FORMAT", "text", f"log lines as {' or '.join(LOG_FORMATS)}"),
    (
        "--log-level",
        "POINTSMAN_LOG_LEVEL",
        "info",
        f"the least serious messages to log: {', '.join(LOG_LEVELS)}",
    ),
)
"""Option, environment variable, default, help: one line a setting."""


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="endpoint-operator",
        description="Makes what the cluster's Endpoints declare: their pods, their route tables, their status.",
        epilog="A variable in brackets sets the same as its option. The API server is found by the pod's service "
        "account, else by KUBECONFIG.",
    )
    for option, variable, default, text in OPTIONS:
        filled = default.replace("{version}", release.VERSION)
        shown = f"{text} (default {filled}) [{variable}]" if filled else f"{text} [{variable}]"
        metavar = option.rpartition("-")[2].upper()
        parser.add_argument(option, default=environment.get(variable) or filled, metavar=metavar, help=shown)
    parser.add_argument("--version", action="version", version=f"%(prog)s {release.VERSION}")
    return parser


def _pod_namespace() -> str:
    try:
        return SERVICE_ACCOUNT_NAMESPACE.read_text().strip() or "default"
    except OSError:
        return "default"


def _namespace_name(option: str, value: str) -> str:
    labels = value.replace("-", "")
    if value and not (len(value) <= 63 and labels.isalnum() and value == value.lower() and value.isascii()):
        raise SettingsError(f"{option}: must be the name of one namespace, got {value!r}")
    return value


def _filled(option: str, value: str) -> str:
    if not value.strip():
        raise SettingsError(f"{option}: must not be empty")
    return value.strip()


def _one_of(option: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise SettingsError(f"{option}: must be one of {', '.join(allowed)}, got {value!r}")
    return value


def _resources(option: str, value: str) -> Resources:
    try:
        given = json.loads(value)
        found = {kind: {name: str(each) for name, each in given[kind].items()} for kind in given}
    except (ValueError, TypeError, AttributeError) as exc:
        raise SettingsError(f"{option}: must be JSON such as {RESOURCES}, got {value!r}") from exc
    for kind, amounts in found.items():
        if kind not in ("requests", "limits"):
            raise SettingsError(f"{option}: has requests and limits, got {kind!r}")
        for name, amount in amounts.items():
            if not QUANTITY.fullmatch(amount):
                raise SettingsError(
                    f"{option}: {kind}.{name} must be a quantity like 100m or 64Mi, got {amount!r}"
                )
    return found


def _absolute(option: str, value: str) -> str:
    if value and (not value.startswith("/") or ".." in value.split("/")):
        raise SettingsError(f"{option}: must be an absolute path without .., got {value!r}")
    return value


def _size(option: str, value: str) -> str:
    if not SIZE.fullmatch(value):
        raise SettingsError(f"{option}: must be a size above 0 like 500Mi or 20Gi, got {value!r}")
    return value


def _number(option: str, value: str, *, low: float, high: float, whole: bool = False) -> float:
    kind = "whole number" if whole else "number"
    try:
        number = float(int(value)) if whole else float(value)
    except ValueError as exc:
        raise SettingsError(f"{option}: must be a {kind}, got {value!r}") from exc
    if not low <= number <= high:
        raise SettingsError(f"{option}: must be a {kind} from {low:g} to {high:g}, got {value!r}")
    return number
