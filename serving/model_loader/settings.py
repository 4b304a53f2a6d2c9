"""The command line and the environment, checked and in one value."""

import argparse
import dataclasses
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from endpoint_contract import model_identity, pod_environment
from model_loader import data_url, errors

MAX_ARTEFACT_SIZE = "MODEL_LOADER_MAX_ARTEFACT_SIZE"
MAX_UNPACKED_SIZE = "MODEL_LOADER_MAX_UNPACKED_SIZE"
MAX_FILES = "MODEL_LOADER_MAX_FILES"
ATTEMPTS = "MODEL_LOADER_ATTEMPTS"
STALL_TIMEOUT = "MODEL_LOADER_STALL_TIMEOUT"

_EPILOG = """
An S3 store is described by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
AWS_ENDPOINT_URL (http:// is allowed) and AWS_CA_BUNDLE. Sizes are in bytes, or like 500Mi and 5Gi. A variable
in brackets sets the same as its option.
"""
_UNITS = {
    "": 1,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}
_SIZE = re.compile(r"([0-9]{1,18})(Ki|Mi|Gi|Ti|k|M|G|T|)")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in bytes, times in seconds. ``aws`` is the part of the environment that tells of an S3 store."""

    location: data_url.Location
    model_dir: pathlib.Path
    identity_file: pathlib.Path
    max_artefact_size: int
    max_unpacked_size: int
    max_files: int
    attempts: int
    stall_timeout: float
    aws: Mapping[str, str]


class _Parser(argparse.ArgumentParser):
    """Bad options are one line like every other failure, since that line is what reaches the status."""

    def error(self, message: str) -> NoReturn:
        raise errors.SettingsError(message)


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Settings from options, else from the environment. Raises SettingsError; ends the program on --help."""
    options = _parser(environment).parse_args(arguments)
    if not options.data_url:
        raise errors.SettingsError(f"no model: set {pod_environment.MODEL_DATA_URL} or --data-url")
    return Settings(
        location=data_url.read(options.data_url),
        model_dir=pathlib.Path(options.model_dir),
        identity_file=pathlib.Path(options.identity_file),
        max_artefact_size=_size(options.max_artefact_size, "--max-artefact-size"),
        max_unpacked_size=_size(options.max_unpacked_size, "--max-unpacked-size"),
        max_files=_whole_number(options.max_files, "--max-files"),
        attempts=_whole_number(options.attempts, "--attempts"),
        stall_timeout=_whole_number(options.stall_timeout, "--stall-timeout"),
        aws=_aws(environment),
    )


def termination_log(arguments: Sequence[str]) -> pathlib.Path:
    """Where the last word goes, known before anything else so that bad settings can be told there too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--termination-log", default=pod_environment.TERMINATION_LOG, nargs="?")
    return pathlib.Path(
        parser.parse_known_args(arguments)[0].termination_log or pod_environment.TERMINATION_LOG
    )


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="model-loader",
        description="Fetch a model's artefact, check it, and unpack it into the model directory.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    identity_file = f"{pod_environment.MODEL_IDENTITY_DIR}/{model_identity.CONFIG_MAP_KEY}"

    def option(name: str, variable: str, default: str, text: str) -> None:
        value = environment.get(variable) or default
        parser.add_argument(name, default=value, metavar="X", help=f"{text} (default {default}) [{variable}]")

    # The dataUrl may hold a signature: its present value is not shown.
    parser.add_argument(
        "--data-url",
        default=environment.get(pod_environment.MODEL_DATA_URL, ""),
        metavar="URL",
        help="the model, a .tar.gz or one file, at an s3://, http(s):// or file:// URL "
        f"[{pod_environment.MODEL_DATA_URL}]",
    )
    option(
        "--model-dir",
        pod_environment.MODEL_DIR,
        pod_environment.MODEL_DIR_DEFAULT,
        "the folder that the model goes to",
    )
    option(
        "--identity-file",
        pod_environment.MODEL_IDENTITY_FILE,
        identity_file,
        "hold the artefact to this identity, if it exists",
    )
    option("--max-artefact-size", MAX_ARTEFACT_SIZE, "5Gi", "largest artefact to fetch")
    option("--max-unpacked-size", MAX_UNPACKED_SIZE, "10Gi", "most that an archive may unpack to")
    option("--max-files", MAX_FILES, "10000", "most files and directories in an archive")
    option("--attempts", ATTEMPTS, "4", "how often to try a fetch that fails for a passing reason")
    option("--stall-timeout", STALL_TIMEOUT, "30", "seconds without a byte after which a fetch has failed")
    parser.add_argument(
        "--termination-log",
        default=pod_environment.TERMINATION_LOG,
        metavar="X",
        help="where the last word goes, if the file exists, as it does in a pod (default %(default)s)",
    )
    return parser


def _aws(environment: Mapping[str, str]) -> Mapping[str, str]:
    aws = {name: value for name, value in environment.items() if name.startswith("AWS_") and value}
    for name, value in aws.items():
        if value != value.strip():
            # `echo` into a Secret ends its value so; stores then speak of a wrong signature.
            raise errors.SettingsError(f"{name} begins or ends with a blank or a line break")
    return aws


def _size(text: str, name: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise errors.SettingsError(f"{name} must be a size above 0 like 500Mi or 5Gi, not {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def _whole_number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise errors.SettingsError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)
