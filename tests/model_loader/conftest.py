import pathlib
from collections.abc import Iterator

import pytest

from tests.builders import needs
from tests.model_loader import emulators, program, servers

INSTALLING = {"test_clouds.py", "test_faults.py", "test_object_store.py"}
"""What installs the emulators in its first run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == pathlib.Path(__file__).parent and item.path.name in INSTALLING:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture
def web() -> Iterator[servers.Web]:
    with servers.a_web_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3]:
    with servers.an_s3_store(tmp_path_factory.mktemp("s3")) as store:
        yield store


@pytest.fixture
def model_dir(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "model"


@pytest.fixture
def loader(tmp_path: pathlib.Path) -> program.Loader:
    return program.Loader(tmp_path)


@pytest.fixture(scope="session")
def google() -> Iterator[emulators.Google]:
    with emulators.google() as store:
        yield store


@pytest.fixture(scope="session")
def azure() -> Iterator[emulators.Azure]:
    needs.program("npm")
    with emulators.azure() as store:
        yield store
