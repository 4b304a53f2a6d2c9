"""A log file is told how long work goes on, a few times and not with every line."""

from tests.cluster import progress


def test_a_log_file_is_told_every_tenth() -> None:
    with progress.console.capture() as captured, progress.step("Building") as step:
        for percent in range(100):
            step.reached(percent / 100)
    lines = captured.get().splitlines()
    assert lines[:2] == ["… Building: 10 %", "… Building: 20 %"]
    assert len(lines) == 10
    assert lines[-1].startswith("✓ Building 0.")
