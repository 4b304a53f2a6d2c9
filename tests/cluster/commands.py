"""Runs other programs, and turns their failure into a message that shows the end of what they said."""

import os
import shlex
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.cluster import errors

_SHOWN_LINES = 15


def run(
    command: Sequence[str | Path],
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    log: IO[str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run to the end and return standard output; `environment` is added to ours; `timeout` in seconds.

    With `log`, both outputs go there instead and "" is returned. Raises HarnessError when it fails.
    """
    arguments = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
            cwd=directory,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as exc:
        raise errors.HarnessError(f"{arguments[0]}: no such program") from exc
    except subprocess.TimeoutExpired as exc:
        raise errors.HarnessError(f"{shlex.join(arguments)}: not done after {timeout:.0f} s") from exc
    if done.returncode:
        said = Path(log.name).read_text(errors="replace") if log else done.stderr or done.stdout
        raise errors.HarnessError(_failure(arguments, done.returncode, said))
    return done.stdout or ""


def follow(
    command: Sequence[str | Path],
    *,
    on_line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> None:
    """Run to the end, handing over each line of both outputs as it comes. Raises HarnessError when it fails."""
    arguments = [str(part) for part in command]
    last: deque[str] = deque(maxlen=_SHOWN_LINES)
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
        cwd=directory,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line)
            on_line(line.rstrip("\n"))
    if process.returncode:
        raise errors.HarnessError(_failure(arguments, process.returncode, "".join(last)))


def _failure(arguments: Sequence[str], status: int, said: str) -> str:
    tail = "\n".join(f"    {line}" for line in said.strip().splitlines()[-_SHOWN_LINES:])
    return f"{shlex.join(arguments)} ended with status {status}:\n{tail}"


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float, every: float = 0.05) -> None:
    """Poll `condition` until it holds; raises HarnessError that names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise errors.HarnessError(f"not after {seconds:.0f} s: {what}")
        time.sleep(every)
