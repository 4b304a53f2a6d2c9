"""The command line and the environment, checked and in one value. SageMaker's variables keep SageMaker's meaning."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from endpoint_contract import pod_environment, ports, release
from process_group import cpu_limit
from xgboost_server import errors, selectable
from xgboost_server.codecs import registry

ENSEMBLE = "SAGEMAKER_INFERENCE_ENSEMBLE"
DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
MAX_CONTENT_LENGTH = "MAX_CONTENT_LENGTH"
THREADS = "OMP_NUM_THREADS"
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"
OUTPUT = "SAGEMAKER_INFERENCE_OUTPUT"
BATCH = "SAGEMAKER_BATCH"

_MAX_BODY = 20 * 1024 * 1024
"""AWS's container takes a larger MAX_CONTENT_LENGTH for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``default_accept`` is empty when not set, ``output_keys`` likewise; ``max_body`` is in bytes.

    ``doubts`` are what the log should say about the environment.
    """

    model_dir: Path
    host: str
    port: int
    threads: int
    workers: int
    joins_several: bool
    default_accept: str
    is_batch: bool
    output_keys: tuple[str, ...]
    max_body: int
    doubts: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    """Bad options are one line like every other failure, since that line is what reaches the status."""

    def error(self, message: str) -> NoReturn:
        raise errors.SettingsError(message)


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Settings from options, else the environment. Raises SettingsError; ends the program on --help and --version."""
    options = _parser().parse_args(arguments)
    port = _told("--port", options.port, variable=pod_environment.BIND_TO_PORT, environment=environment)
    threads = _told("--threads", options.threads, variable=THREADS, environment=environment)
    workers = _told("--workers", options.workers, variable=WORKERS, environment=environment)
    length = MAX_CONTENT_LENGTH, environment.get(MAX_CONTENT_LENGTH) or None
    max_body = _whole(length, default=6 * 1024 * 1024, low=1, high=2**63 - 1)
    keys = selectable.parse(environment.get(OUTPUT, ""))
    return Settings(
        model_dir=Path(
            options.model_dir
            or environment.get(pod_environment.MODEL_DIR)
            or pod_environment.MODEL_DIR_DEFAULT
        ),
        host=options.host,
        port=_whole(port, default=ports.MODEL_SERVER, low=0, high=65535),
        threads=_whole(threads, default=cpu_limit.threads(), low=1, high=1024),
        workers=_whole(workers, default=cpu_limit.workers(), low=1, high=1024),
        joins_several=_flag(ENSEMBLE, environment.get(ENSEMBLE, "true")),
        default_accept=_accept(environment.get(DEFAULT_ACCEPT, "")),
        is_batch=_flag(BATCH, environment.get(BATCH) or "false"),
        output_keys=keys,
        max_body=min(max_body, _MAX_BODY),
        doubts=tuple(_doubts(keys, max_body)),
    )


def _doubts(keys: Sequence[str], max_body: int) -> Iterator[str]:
    unknown = [key for key in keys if key not in selectable.KEYS]
    if unknown:
        yield (
            f"{OUTPUT} asks for {', '.join(unknown)}, which will always be missing; "
            f"the keys are {', '.join(selectable.KEYS)}"
        )
    if max_body > _MAX_BODY:
        yield f"{MAX_CONTENT_LENGTH} is {max_body}, the most that is possible is {_MAX_BODY}"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="xgboost-server",
        description="Serve an XGBoost model (JSON or UBJ) by SageMaker's container contract: "
        "GET /ping, POST /invocations, GET /execution-parameters, GET /metrics; /v2 is the Open Inference Protocol. "
        "`xgboost-server convert` turns pickles and binary models into JSON; it has a --help of its own.",
        epilog="A variable in brackets sets the same as its option. "
        f"{ENSEMBLE}=false serves the first of several models instead of their mean; "
        f"{DEFAULT_ACCEPT} is the answer's type when a client names none; "
        f"{OUTPUT} selects what answers hold ({', '.join(selectable.KEYS)}); "
        f"{BATCH}=true writes CSV as batch transform wants it; "
        f"{MAX_CONTENT_LENGTH} is the largest request body in bytes (6291456).",
    )
    parser.add_argument(
        "command", nargs="?", choices=["serve"], metavar="serve", help="accepted, as SageMaker passes it"
    )
    parser.add_argument(
        "--model-dir",
        metavar="DIR",
        help=f"the unpacked artefact (default {pod_environment.MODEL_DIR_DEFAULT}) [{pod_environment.MODEL_DIR}]",
    )
    parser.add_argument(
        "--host", metavar="H", default="0.0.0.0", help="address to listen on (default 0.0.0.0)"
    )
    parser.add_argument(
        "--port",
        metavar="P",
        help=f"port to listen on, 0 for any (default {ports.MODEL_SERVER}) [{pod_environment.BIND_TO_PORT}]",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        help=f"threads for large predictions (default: the container's CPU limit) [{THREADS}]",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="processes that share the port and the model (default: the container's CPU limit, 1 without one) "
        f"[{WORKERS}]",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {release.VERSION}")
    return parser


def _told(
    option: str, given: str | None, *, variable: str, environment: Mapping[str, str]
) -> tuple[str, str | None]:
    """By what a setting was told, and as what: the option, else its variable."""
    return (variable, environment.get(variable) or None) if given is None else (option, given)


def _whole(told: tuple[str, str | None], *, default: int, low: int, high: int) -> int:
    name, text = told
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise errors.SettingsError(f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise errors.SettingsError(f"{name} must be true or false, not {text!r}")
    return text.lower() == "true"


def _accept(text: str) -> str:
    name = text.strip().lower()
    if name and name not in registry.WRITERS:
        raise errors.SettingsError(
            f"{DEFAULT_ACCEPT} must be one of {', '.join(registry.WRITERS)}, not {text!r}"
        )
    return name
