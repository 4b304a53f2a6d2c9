"""What the tests of the real router program stand on: a model server and a table file that names it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import route_tables, router_process


@pytest.fixture
async def model() -> AsyncIterator[router_process.ModelServer]:
    async with router_process.a_model_server("one") as running:
        yield running


@pytest.fixture
def table(tmp_path: Path, model: router_process.ModelServer) -> Path:
    """A table file with one variant, which the model serves."""
    path = tmp_path / "table.json"
    path.write_text(route_tables.a_file_table({"Variant1": (1.0, model.address)}, revision=1))
    return path
