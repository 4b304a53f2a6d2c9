"""How soon the server is ready, on every XGBoost."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.builders import waiting
from tests.xgboost_versions.conftest import ONE_THREAD, RELEASES, ROOT, Run

SECONDS = 2.0
TRAIN = """
import sys, numpy, xgboost
random = numpy.random.default_rng(0)
rows, label = random.normal(size=(2000, 5)), random.integers(0, 2, size=2000)
parameters = {"objective": "binary:logistic", "max_depth": 10, "min_child_weight": 0, "verbosity": 0}
xgboost.train(parameters, xgboost.DMatrix(rows, label), 160).save_model(sys.argv[1])
"""


@pytest.fixture(scope="module")
def model_dir(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 1 MB that all of them read."""
    folder = tmp_path_factory.mktemp("model")
    run(RELEASES[0], "-c", TRAIN, folder / "model.json", **ONE_THREAD)
    (folder / "model.json").rename(folder / "xgboost-model")
    assert (folder / "xgboost-model").stat().st_size > 1_000_000
    return folder


def processor_seconds(pid: int) -> float:
    """What the process has used of the processors; the wall's clock would tell what else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_it_is_ready_within_two_seconds_of_processor_time(
    interpreters: dict[str, Path], model_dir: Path, release: str, tmp_path: Path
) -> None:
    log_file = tmp_path / "log"
    arguments = ("--model-dir", model_dir, "--host", "127.0.0.1", "--port", "0", "--workers", "1")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "serving")}
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            interpreters[release], "-m", "xgboost_server", *arguments, stderr=log, env=environment
        )
    try:
        await waiting.until(
            lambda: "listening on" in log_file.read_text() or process.returncode is not None, seconds=60
        )
        assert process.returncode is None, log_file.read_text()
        used = processor_seconds(process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    print(f"XGBoost {release}: ready after {used:.2f} s of processor time")
    assert used <= SECONDS
