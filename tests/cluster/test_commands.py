"""Other programs: what they say as they go on, and why they failed."""

import sys

import pytest

from tests.cluster import commands, errors

SAYS = "import sys; print('one', flush=True); print('two', file=sys.stderr)"


def test_each_line_of_both_outputs_is_handed_over() -> None:
    lines: list[str] = []
    commands.follow([sys.executable, "-c", SAYS], on_line=lines.append)
    assert lines == ["one", "two"]


def test_a_failure_shows_the_last_lines() -> None:
    with pytest.raises(errors.HarnessError, match=r"ended with status 3:\n    one\n    two"):
        commands.follow([sys.executable, "-c", f"{SAYS}; sys.exit(3)"], on_line=lambda _: None)
