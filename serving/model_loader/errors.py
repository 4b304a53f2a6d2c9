"""What can go wrong while a model is loaded; each kind has the reason that the Endpoint's status shows."""

from typing import ClassVar

from endpoint_contract import failures


class LoaderError(Exception):
    """A failure told in one line. The message begins with what it is about and holds no credential."""

    reason: ClassVar[str]

    def line(self) -> str:
        """``Reason: what happened``, as promised in `endpoint_contract.failures`."""
        return failures.line(self.reason, str(self))


class SettingsError(LoaderError):
    """The program was started with something it can't use."""

    reason = failures.SETTINGS_REFUSED


class DownloadError(LoaderError):
    """The artefact could not be had, and asking again would not help."""

    reason = failures.MODEL_DOWNLOAD_FAILED


class TransientDownloadError(DownloadError):
    """The artefact could not be had this time; another attempt may succeed."""


class AbsentError(DownloadError):
    """The store has nothing of this name."""


class ResumeRefusedError(TransientDownloadError):
    """What is still missing of a broken fetch can't be had alone; another attempt begins anew."""


class ArchiveError(LoaderError):
    """The artefact arrived, but will not be unpacked."""

    reason = failures.MODEL_ARCHIVE_REFUSED


class ModelChangedError(LoaderError):
    """The artefact is not the one that this revision began with."""

    reason = failures.MODEL_CHANGED
