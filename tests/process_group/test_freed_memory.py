"""Large blocks are made of memory that is there already."""

import subprocess
import sys
from pathlib import Path

SERVING = Path(__file__).resolve().parents[2] / "serving"
PROGRAM = """
import resource, sys
from process_group import freed_memory
if "keep" in sys.argv:
    freed_memory.keep()
for _ in range(50):
    blocks = [b"x" * (6 * 1024 * 1024) for _ in range(4)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def page_faults(*arguments: str) -> int:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    environment = {"PYTHONPATH": str(SERVING)}
    return int(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def test_blocks_as_large_as_those_before_need_no_new_pages() -> None:
    assert page_faults("keep") < page_faults() / 5
