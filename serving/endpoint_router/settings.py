"""What the router is told by its command line and environment; an option beats its variable.

Only the standard library: the image stays small and ``--help`` is instant.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import NoReturn

from endpoint_contract import pod_environment, ports, release
from process_group import cpu_limit

PROGRAM = "endpoint-router"
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")

_DESCRIPTION = """\
Routes the requests of one endpoint to the model servers of its variants: by weight, or to the variant that a
request names. The table of variants comes from a file (--route-table), or else from the endpoint's ConfigMap in the
cluster."""

_EPILOG = """\
signals: SIGUSR1 prepares for the end (answers "Connection: close", prefers other pods, still accepts);
SIGTERM ends it once the requests under way are answered; SIGINT does so without announcing it first."""


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """Which endpoint to route for, and how to reach the API."""

    endpoint: str
    namespace: str
    api_url: str
    service_account_dir: Path
    state_dir: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Exactly one of ``route_table`` and ``kubernetes`` is set. Port 0 takes any free port."""

    route_table: Path | None
    kubernetes: KubernetesSettings | None
    pod_ip: str | None
    host: str
    port: int
    admin_port: int
    workers: int
    announce_seconds: float
    finish_seconds: float
    slow_start_seconds: float
    eject_after: int
    log_format: str
    log_level: str


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """The settings; or SystemExit: 2 after one line about the option at fault, 0 after ``--help`` and ``--version``."""
    parser = _parser(environ)
    given = parser.parse_args(arguments)
    kubernetes = None if given.route_table else _kubernetes(parser, given)
    return Settings(
        route_table=given.route_table,
        kubernetes=kubernetes,
        pod_ip=given.pod_ip or None,
        host=given.host,
        port=given.port,
        admin_port=given.admin_port,
        workers=given.workers or cpu_limit.workers(),
        announce_seconds=given.announce_seconds,
        finish_seconds=given.finish_seconds,
        slow_start_seconds=given.slow_start_seconds,
        eject_after=given.eject_after,
        log_format=given.log_format,
        log_level=given.log_level,
    )


def refuse(message: str) -> NoReturn:
    """End the program over a setting: exit code 2 and one line on stderr."""
    sys.stderr.write(f"{PROGRAM}: error: {' '.join(message.split())}\n")
    raise SystemExit(2)


def reason(error: OSError) -> str:
    """Why the system refused something, for `refuse`."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        refuse(message.removeprefix("argument "))


def _kubernetes(parser: argparse.ArgumentParser, given: argparse.Namespace) -> KubernetesSettings:
    needed = {
        f"--endpoint (or {pod_environment.ENDPOINT_NAME})": given.endpoint,
        f"--namespace (or {pod_environment.NAMESPACE})": given.namespace,
        "--kubernetes-api (or KUBERNETES_SERVICE_HOST)": given.kubernetes_api,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        parser.error(f"without --route-table, needs {' and '.join(missing)}")
    return KubernetesSettings(
        endpoint=given.endpoint,
        namespace=given.namespace,
        api_url=given.kubernetes_api,
        service_account_dir=given.service_account_dir,
        state_dir=given.state_dir,
    )


def _in_cluster_url(environ: Mapping[str, str]) -> str | None:
    host = environ.get("KUBERNETES_SERVICE_HOST")
    if not host:
        return None
    return f"https://{f'[{host}]' if ':' in host else host}:{environ.get('KUBERNETES_SERVICE_PORT') or '443'}"


def _api_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"must be an http:// or https:// URL, got {text!r}")
    return text.rstrip("/")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535, got {text!r}")
    return int(text)


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 256, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"must be seconds from 0 to 3600, got {text!r}")
    return value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1000000, got {text!r}")
    return int(text)


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(choices)}; got {text!r}")
        return text

    return check


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    variable: str
    _: KW_ONLY
    metavar: str
    kind: Callable[[str], object]
    default: str | None = None
    text: str

    def add_to(self, group: argparse._ArgumentGroup, environ: Mapping[str, str]) -> None:
        shown = f" (default {self.default})" if self.default else ""
        group.add_argument(
            self.name,
            type=self.kind,
            # As text: argparse checks it like one from the command line, and names the option at fault.
            default=environ.get(self.variable) or self.default,
            metavar=self.metavar,
            help=f"{self.text}{shown} [{self.variable}]",
        )


_SOURCE = (
    _Option(
        "--route-table",
        "POINTSMAN_ROUTE_TABLE",
        metavar="FILE",
        kind=Path,
        text="a JSON file, read again when it changes",
    ),
    _Option(
        "--endpoint",
        pod_environment.ENDPOINT_NAME,
        metavar="NAME",
        kind=str,
        text="the Endpoint to route for",
    ),
    _Option("--namespace", pod_environment.NAMESPACE, metavar="NAME", kind=str, text="its namespace"),
    _Option(
        "--pod-ip",
        pod_environment.POD_IP,
        metavar="IP",
        kind=str,
        text="this pod's address: its model server is reached over loopback",
    ),
    _Option(
        "--service-account-dir",
        "POINTSMAN_SERVICE_ACCOUNT_DIR",
        metavar="DIR",
        kind=Path,
        default=pod_environment.SERVICE_ACCOUNT_DIR,
        text="the folder with token and ca.crt",
    ),
    _Option(
        "--state-dir",
        pod_environment.STATE_DIR,
        metavar="DIR",
        kind=Path,
        default=pod_environment.STATE_DIR_DEFAULT,
        text="where the last table is kept for a start without the API",
    ),
)

# Not POINTSMAN_PORT: Kubernetes sets that to tcp://… in every pod beside a Service called pointsman.
_LISTENING = (
    _Option(
        "--host", "POINTSMAN_HOST", metavar="HOST", kind=str, default="0.0.0.0", text="address of both ports"
    ),
    _Option(
        "--port",
        "POINTSMAN_PORT_FOR_REQUESTS",
        metavar="PORT",
        kind=_port,
        default=str(ports.ROUTER_DATA),
        text="port for requests",
    ),
    _Option(
        "--admin-port",
        "POINTSMAN_PORT_FOR_ADMIN",
        metavar="PORT",
        kind=_port,
        default=str(ports.ROUTER_ADMIN),
        text="port for /healthz, /readyz, /metrics and /route-table",
    ),
)

_RUNNING = (
    _Option(
        "--workers",
        "POINTSMAN_WORKERS",
        metavar="N",
        kind=_workers,
        text="processes that handle requests (default: the CPU limit's whole CPUs; 1 without a limit)",
    ),
    _Option(
        "--announce-seconds",
        "POINTSMAN_ANNOUNCE_SECONDS",
        metavar="S",
        kind=_seconds,
        default="1",
        text="how long requests are still accepted after a SIGTERM that no SIGUSR1 came before",
    ),
    _Option(
        "--finish-seconds",
        "POINTSMAN_FINISH_SECONDS",
        metavar="S",
        kind=_seconds,
        default="60",
        text="how long requests under way may take at the end",
    ),
    _Option(
        "--slow-start-seconds",
        "POINTSMAN_SLOW_START_SECONDS",
        metavar="S",
        kind=_seconds,
        default="10",
        text="how long a new pod's share grows to that of the older ones; 0: not at all",
    ),
    _Option(
        "--eject-after",
        "POINTSMAN_EJECT_AFTER",
        metavar="N",
        kind=_count,
        default="5",
        text="failures in a row, unlike its variant's other pods, after which a pod rests for a while; 0: never",
    ),
    _Option(
        "--log-format",
        "POINTSMAN_LOG_FORMAT",
        metavar="FORMAT",
        kind=_one_of(LOG_FORMATS),
        default="text",
        text="text or json",
    ),
    _Option(
        "--log-level",
        "POINTSMAN_LOG_LEVEL",
        metavar="LEVEL",
        kind=_one_of(LOG_LEVELS),
        default="info",
        text=", ".join(LOG_LEVELS),
    ),
)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {release.VERSION}")
    source = parser.add_argument_group("where the table comes from")
    source.add_argument(
        "--kubernetes-api",
        type=_api_url,
        default=_in_cluster_url(environ),
        metavar="URL",
        help="the Kubernetes API [KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT]",
    )
    listening = parser.add_argument_group("where to listen")
    running = parser.add_argument_group("how to run")
    for group, options in ((source, _SOURCE), (listening, _LISTENING), (running, _RUNNING)):
        for option in options:
            option.add_to(group, environ)
    return parser


def from_process(arguments: Sequence[str] | None = None) -> Settings:
    """The settings of this process, or of one with other ``arguments``."""
    return parse(sys.argv[1:] if arguments is None else arguments, os.environ)
