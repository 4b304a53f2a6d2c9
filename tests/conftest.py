"""For all tests: a busy machine fails none of them, and what they measure is shown at the end."""

from collections.abc import Callable

import hypothesis
import pytest

from tests.builders import figures

# How long an example takes by the wall clock says more about the machine than about the code.
hypothesis.settings.register_profile("unhurried", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> figures.Figure:
    """Keeps a line about what a test measured, for the end of the run."""
    return lambda line: record_property(figures.KEY, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found]
    lines = [
        value
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == figures.KEY
    ]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(str(line))
