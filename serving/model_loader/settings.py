"""The command line and the environment, checked and in one value."""

import argparse
import dataclasses
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from endpoint_contract import model_identity, pod_environment, release
from model_loader import cache, data_url, errors, store_settings

MAX_ARTEFACT_SIZE = "MODEL_LOADER_MAX_ARTEFACT_SIZE"
MAX_UNPACKED_SIZE = "MODEL_LOADER_MAX_UNPACKED_SIZE"
MAX_FILES = "MODEL_LOADER_MAX_FILES"
ATTEMPTS = "MODEL_LOADER_ATTEMPTS"
STALL_TIMEOUT = "MODEL_LOADER_STALL_TIMEOUT"

_EPILOG = """
Stores are described by environment variables: S3 by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
AWS_REGION, AWS_ENDPOINT_URL (http:// is allowed) and AWS_VIRTUAL_HOSTED_STYLE_REQUEST; Google Cloud Storage by
GOOGLE_SERVICE_ACCOUNT_KEY or GOOGLE_BEARER_TOKEN; Azure by AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or
AZURE_STORAGE_SAS_KEY, and AZURE_STORAGE_ENDPOINT; web servers by HTTP_BEARER_TOKEN, or HTTP_USERNAME and
HTTP_PASSWORD; all by CA_CERTIFICATES, in PEM form. What is public is read without credentials if
AWS_SKIP_SIGNATURE, GOOGLE_SKIP_SIGNATURE or AZURE_SKIP_SIGNATURE is true. Sizes are in bytes, or like 500Mi and
5Gi. A variable in brackets sets the same as its option.
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
# JSON and PEM have line breaks, and whoever reads these says what else is wrong with them.
_DOCUMENTS = frozenset({store_settings.CA_CERTIFICATES, "GOOGLE_SERVICE_ACCOUNT_KEY"})
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
_SIZE = re.compile(r"([0-9]{1,18})(Ki|Mi|Gi|Ti|k|M|G|T|)")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Sizes in bytes, times in seconds. ``environment`` is the part of it that tells of stores."""

    location: data_url.Location
    model_dir: pathlib.Path
    identity_file: pathlib.Path
    max_artefact_size: int
    max_unpacked_size: int
    max_files: int
    attempts: int
    stall_timeout: float
    environment: Mapping[str, str]
    cache: cache.Cache | None


class _Parser(argparse.ArgumentParser):
    """Bad options are one line like every other failure, since that line is what reaches the status."""

    def error(self, message: str) -> NoReturn:
        raise errors.SettingsError(message)


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Settings from options, else the environment. Raises SettingsError; ends the program on --help and --version."""
    options = _parser(environment).parse_args(arguments)
    if not options.data_url:
        raise errors.SettingsError(f"no model: set {pod_environment.MODEL_DATA_URL} or --data-url")
    return Settings(
        location=data_url.read(options.data_url, claim_dir=options.claim_dir),
        model_dir=pathlib.Path(options.model_dir),
        identity_file=pathlib.Path(options.identity_file),
        max_artefact_size=_size(options.max_artefact_size, "--max-artefact-size"),
        max_unpacked_size=_size(options.max_unpacked_size, "--max-unpacked-size"),
        max_files=_whole_number(options.max_files, "--max-files"),
        attempts=_whole_number(options.attempts, "--attempts"),
        stall_timeout=_whole_number(options.stall_timeout, "--stall-timeout"),
        environment=_of_stores(environment),
        cache=_cache(options, environment),
    )


def termination_log(arguments: Sequence[str]) -> pathlib.Path:
    """Where the last word goes, known before anything else so that bad settings can be told there too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--termination-log", default=pod_environment.TERMINATION_LOG, nargs="?")
    return pathlib.Path(
        parser.parse_known_args(arguments)[0].termination_log or pod_environment.TERMINATION_LOG
    )


_OPTIONS = (
    (
        "--model-dir",
        pod_environment.MODEL_DIR,
        pod_environment.MODEL_DIR_DEFAULT,
        "DIR",
        "the folder that the model goes to",
    ),
    (
        "--identity-file",
        pod_environment.MODEL_IDENTITY_FILE,
        f"{pod_environment.MODEL_IDENTITY_DIR}/{model_identity.CONFIG_MAP_KEY}",
        "FILE",
        "hold the artefact to this identity, if it exists",
    ),
    ("--max-artefact-size", MAX_ARTEFACT_SIZE, "5Gi", "SIZE", "largest artefact to fetch"),
    ("--max-unpacked-size", MAX_UNPACKED_SIZE, "10Gi", "SIZE", "most that an archive may unpack to"),
    ("--max-files", MAX_FILES, "10000", "N", "most files and directories of a model"),
    ("--attempts", ATTEMPTS, "4", "N", "how often to try a fetch that fails for a passing reason"),
    (
        "--stall-timeout",
        STALL_TIMEOUT,
        "30",
        "SECONDS",
        "how long nothing may come before a fetch has failed",
    ),
    (
        "--claim-dir",
        pod_environment.MODEL_CLAIM_DIR,
        pod_environment.MODEL_CLAIM_DIR_DEFAULT,
        "DIR",
        "where the claim of a pvc:// URL is mounted",
    ),
    (
        "--cache-dir",
        pod_environment.MODEL_CACHE_DIR,
        "",
        "DIR",
        "a folder that loaders share, without which there is no cache",
    ),
    ("--cache-size", pod_environment.MODEL_CACHE_SIZE, "20Gi", "SIZE", "most that the cache may hold"),
)
"""Option, environment variable, default, metavar, help: one line a setting."""


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="model-loader",
        description="Fetch a model's artefact, check it, and unpack it into the model directory.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    # The dataUrl may hold a signature: its present value is not shown.
    parser.add_argument(
        "--data-url",
        default=environment.get(pod_environment.MODEL_DATA_URL, ""),
        metavar="URL",
        help="the model, a .tar.gz or one file or, with a / at the end, all files below; at an s3://, gs://, az://, "
        f"abfs(s)://, http(s)://, pvc:// or file:// URL [{pod_environment.MODEL_DATA_URL}]",
    )
    for name, variable, default, metavar, text in _OPTIONS:
        value = environment.get(variable) or default
        parser.add_argument(
            name, default=value, metavar=metavar, help=f"{text} (default {default or 'none'}) [{variable}]"
        )
    parser.add_argument(
        "--termination-log",
        default=pod_environment.TERMINATION_LOG,
        metavar="FILE",
        help="where the last word goes, if the file exists, as it does in a pod (default %(default)s)",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {release.VERSION}")
    return parser


def _of_stores(environment: Mapping[str, str]) -> Mapping[str, str]:
    found = {
        name: value
        for name, value in environment.items()
        if value and (name.startswith(store_settings.PREFIXES) or name in store_settings.NAMES)
    }
    for name, value in found.items():
        if name not in _DOCUMENTS and not value.lstrip().startswith("{"):
            _check(name, value)
    return found


def _check(name: str, value: str) -> None:
    if value != value.strip():
        # `echo` into a Secret ends its value so; stores then speak of a wrong signature.
        raise errors.SettingsError(f"{name} begins or ends with a blank or a line break")
    if _CONTROL_CHARACTER.search(value):
        # No header can hold it: obstore would panic.
        raise errors.SettingsError(f"{name} has a line break or another control character in it")


def _cache(options: argparse.Namespace, environment: Mapping[str, str]) -> cache.Cache | None:
    if not options.cache_dir:
        return None
    top = pathlib.Path(options.cache_dir)
    namespace = environment.get(pod_environment.NAMESPACE) or "none"
    return cache.Cache(directory=top / namespace, top=top, limit=_size(options.cache_size, "--cache-size"))


def _size(text: str, name: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise errors.SettingsError(f"{name} must be a size above 0 like 500Mi or 5Gi, not {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def _whole_number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise errors.SettingsError(f"{name} must be a whole number above 0, not {text!r}")
    return int(text)
