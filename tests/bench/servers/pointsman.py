"""Pointsman's own model server, the real program as its image runs it; asked in CSV, as SageMaker's clients do."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench import contender, environments

NAME = "Pointsman"
COMPILED = "Pointsman, compiled"


def contending(
    port: int, models: Path, *, sources: Path, name: str = NAME, python: Path | None = None
) -> contender.Contender:
    """It on ``port``; ``sources`` is the folder of its packages, ``python`` by default its image's."""
    python = python or environments.locked("xgboost-3.2.0") / "python"
    return contender.Contender(
        name=name,
        version=environments.version_of([python, "--version"]),
        command=[
            python, "-m", "xgboost_server", "--model-dir", models, "--host", "127.0.0.1",
            "--port", str(port),
        ],
        port=port,
        ready_path="/ping",
        environment={"PYTHONPATH": str(sources)},
    )  # fmt: skip


def request(rows: Sequence[Sequence[float]]) -> bytes:
    """A prediction for ``rows``."""
    body = "\n".join(",".join(map(repr, row)) for row in rows).encode()
    return contender.post("/invocations", {"Content-Type": "text/csv"}, body)
