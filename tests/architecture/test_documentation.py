"""What the status may say is explained in the README."""

from pathlib import Path

import pytest

from endpoint_contract import failures
from endpoint_operator.rollout import reasons

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
WELL = {
    *(reasons.COMPLETE, reasons.STARTING_PODS, reasons.ROLLING_OUT, reasons.WAITING_FOR_ROUTERS),
    *(reasons.CUTTING_OVER, reasons.DRAINING, reasons.BEING_DELETED, reasons.SERVING, reasons.AS_ASKED),
    *(reasons.APPLIED, reasons.APPLYING),
}
TROUBLES = failures.REASONS | {
    word for name, word in vars(reasons).items() if name.isupper() and word not in WELL
}


@pytest.mark.parametrize("reason", sorted(TROUBLES))
def test_the_readme_says_what_to_do_about(reason: str) -> None:
    assert f"`{reason}`" in README
