"""The one-line failures that the loader and the server leave as termination message: ``Reason: what happened``.

The operator puts the line into the Endpoint's status as it is and the word before the colon into a condition's
reason, so the words are promised here.
"""

MODEL_DOWNLOAD_FAILED = "ModelDownloadFailed"
MODEL_CHANGED = "ModelChanged"
MODEL_ARCHIVE_REFUSED = "ModelArchiveRefused"
MODEL_LOAD_FAILED = "ModelLoadFailed"
SETTINGS_REFUSED = "SettingsRefused"

REASONS = frozenset(
    {MODEL_DOWNLOAD_FAILED, MODEL_CHANGED, MODEL_ARCHIVE_REFUSED, MODEL_LOAD_FAILED, SETTINGS_REFUSED}
)


def line(reason: str, message: str) -> str:
    """``Reason: message`` on one line."""
    return f"{reason}: {' '.join(message.split())}"


def reason_of(text: str) -> str | None:
    """The promised reason that a termination message begins with, or None."""
    word = text.partition(":")[0].strip()
    return word if word in REASONS else None
