"""Holds the artefact to the identity with which its revision began; leaves this container's last word."""

import pathlib

from endpoint_contract import model_identity
from model_loader import errors

# Kubernetes keeps this many bytes of a termination message.
_LONGEST_LAST_WORD = 4096


def expected(file: pathlib.Path) -> model_identity.ModelIdentity | None:
    """What earlier pods of this revision found, None if this is the first. Raises SettingsError."""
    try:
        return model_identity.parse(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise errors.SettingsError(f"identity file {file}: {exc.strerror}") from exc
    except model_identity.ModelIdentityError as exc:
        raise errors.SettingsError(f"identity file {file}: {exc}") from exc


def check(found: model_identity.ModelIdentity, expected: model_identity.ModelIdentity | None) -> None:
    """Raises ModelChangedError when the bytes are not those that the revision began with."""
    if expected is not None and found.sha256 != expected.sha256:
        raise errors.ModelChangedError(
            f"{found.data_url}: this revision serves the artefact with sha256 {expected.sha256}, but the "
            f"store now has {found.sha256}; put the old one back, or name the new one in a new EndpointConfig"
        )


def leave_last_word(text: str, termination_log: pathlib.Path) -> None:
    """Write the container's last word. Without such a file, as outside of a pod, there is nobody to tell."""
    if termination_log.exists():
        termination_log.write_bytes(text.encode(errors="backslashreplace")[:_LONGEST_LAST_WORD])
