"""What tests measure, shown at the end of a run."""

from collections.abc import Callable

Figure = Callable[[str], None]
"""Keeps one line for the end of the run; the fixture ``figure`` is one."""

KEY = "figure"
