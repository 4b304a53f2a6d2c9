import pytest

from endpoint_contract import failures
from model_loader import errors


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (errors.SettingsError, "SettingsRefused"),
        (errors.DownloadError, "ModelDownloadFailed"),
        (errors.TransientDownloadError, "ModelDownloadFailed"),
        (errors.ArchiveError, "ModelArchiveRefused"),
        (errors.ModelChangedError, "ModelChanged"),
    ],
)
def test_every_failure_is_one_line_with_a_promised_reason(
    kind: type[errors.LoaderError], reason: str
) -> None:
    line = kind("s3://b/k:\n something").line()
    assert line == f"{reason}: s3://b/k: something"
    assert failures.reason_of(line) == reason
