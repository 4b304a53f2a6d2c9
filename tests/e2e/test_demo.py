"""The demo runs to its end and leaves a report with both pictures."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.builders import figures
from tests.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_tells_its_story(cluster: Cluster, figure: figures.Figure) -> None:
    began = time.monotonic()
    told = demo(cluster, "run")
    figure(f"the demo took {time.monotonic() - began:.0f} s")
    assert "0 failed" in told
    report = (ROOT / "build" / "demo" / "report.html").read_text()
    assert report.count("data:image/png;base64,") == 2
    demo(cluster, "clean")


def demo(cluster: Cluster, command: str) -> str:
    environment = {**os.environ, **cluster.environment, "COLUMNS": "120"}
    arguments = [sys.executable, "-m", "tests.demo", command]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
