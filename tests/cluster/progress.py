"""Shows which step runs and for how long: a live line on a terminal, one line a step elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# Standard error: what a command prints is for other programs to read.
console = Console(stderr=True, highlight=False)
_live = Progress(
    SpinnerColumn(),
    TextColumn("{task.description}"),
    TimeElapsedColumn(),
    console=console,
    transient=True,
    disable=not console.is_terminal,
)


@dataclass(slots=True)
class Step:
    """What runs now."""

    name: str
    task: TaskID
    _told: int = 0

    def reached(self, share: float) -> None:
        """Say how much of it is done, 0 to 1; a log file is told every tenth."""
        percent = int(100 * share)
        _live.update(self.task, description=f"{self.name}: {percent} %")
        if not console.is_terminal and percent >= self._told + 10:
            self._told = percent - percent % 10
            console.print(f"… {self.name}: {self._told} %")


@contextmanager
def step(name: str, *, slow: bool = False) -> Iterator[Step]:
    """Show `name` while the block runs, and then how long it took. Steps may overlap, in threads.

    With `slow`, a log file too tells when it begins: minutes of silence look like a fault.
    """
    begun = time.monotonic()
    if slow and not console.is_terminal:
        console.print(f"… {name}")
    task = _live.add_task(name)
    _live.start()
    try:
        yield Step(name, task)
        console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - begun:.1f} s[/]")
    except BaseException:
        console.print(f"[red]✗[/] {name} [dim]{time.monotonic() - begun:.1f} s[/]")
        raise
    finally:
        _live.remove_task(task)
        if not _live.tasks:
            _live.stop()


def tell(message: str) -> None:
    console.print(message)
