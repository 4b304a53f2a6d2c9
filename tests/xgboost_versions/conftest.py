"""An environment for each XGBoost that there is an image for, and what each of them wrote."""

import os
import subprocess
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

import pytest
import xgboost

from tests.builders import locked_environments

RELEASES = tuple(
    sorted(lock.stem.removeprefix("xgboost-") for lock in locked_environments.LOCKS.glob("xgboost-*.txt"))
)
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., str]
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For many small predictions: threads that wait for each other take ten times as long on a busy machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/xgboost_versions/" in str(item.path):
            item.add_marker(pytest.mark.environments)
            item.add_marker(pytest.mark.timeout(400))  # the first run installs what it needs


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in ("release", "writer", "runner"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, RELEASES)
    if "other_release" in metafunc.fixturenames:
        # The process layer runs on the one that is installed here.
        metafunc.parametrize("other_release", [each for each in RELEASES if each != xgboost.__version__])


@pytest.fixture(scope="session")
def interpreters() -> dict[str, Path]:
    """Python of each release's environment; made now if there is none yet."""
    with futures.ThreadPoolExecutor(2) as threads:
        made = threads.map(
            lambda release: locked_environments.interpreter(f"xgboost-{release}", print), RELEASES
        )
        return dict(zip(RELEASES, made, strict=True))


@pytest.fixture(scope="session")
def run(interpreters: dict[str, Path]) -> Run:
    """Runs Python with arguments on a release's XGBoost and returns what it printed; fails when it does."""

    def run_on(release: str, *arguments: str | Path, **environment: str) -> str:
        path = os.pathsep.join([str(ROOT), str(ROOT / "serving")])
        done = subprocess.run(
            [interpreters[release], "-W", "ignore", *arguments],
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, f"XGBoost {release}: {done.stdout[-8000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    return run_on


@pytest.fixture(scope="session")
def written(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of models that each release wrote."""
    folder = tmp_path_factory.mktemp("written")
    for release in RELEASES:
        run(release, "-m", "tests.xgboost_versions.write", folder / release, **ONE_THREAD)
    return {release: folder / release for release in RELEASES}
