"""What the user reads when something goes wrong on a model's way; the table itself is in `faults`."""

import pytest

from tests.model_loader import emulators, faults, program, scenes, servers


@pytest.mark.parametrize("row", faults.ROWS, ids=lambda row: row.fault)
def test_each_fault_is_told_in_its_one_line(
    row: faults.Row, s3: servers.S3, loader: program.Loader, request: pytest.FixtureRequest
) -> None:
    def google() -> emulators.Google:
        store: emulators.Google = request.getfixturevalue("google")
        return store

    def azure() -> emulators.Azure:
        store: emulators.Azure = request.getfixturevalue("azure")
        return store

    assert faults.line_of(row, scenes.Scene(s3, loader, google, azure)) == row.line
