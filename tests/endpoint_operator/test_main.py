import asyncio
import os
import sys

import pytest


async def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """The exit code and the stderr of the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "POINTSMAN"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "endpoint_operator",
        *arguments,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        env={**kept, **environment},
    )
    async with asyncio.timeout(60):
        _, text = await process.communicate()
    return process.returncode or 0, text.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        pytest.param(["--http-port", "x"], 2, "--http-port: must be", id="bad setting"),
        pytest.param(["--bogus"], 2, "unrecognized arguments: --bogus", id="no option"),
        pytest.param([], 1, "no way to the API server", id="no cluster"),
    ],
)
async def test_what_cannot_start_says_so_in_one_line(arguments: list[str], code: int, line: str) -> None:
    found, text = await run(*arguments, HOME="/nonexistent")
    assert found == code
    assert text.startswith(f"endpoint-operator: {line}")
    assert len(text.splitlines()) == 1
