"""Clients that are not ours, as they are, through the router to the server: both as the processes that they are.

The clients live in a virtual environment of their own (.locks/clients.txt), made once in the cache.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.builders import locked_environments, routers
from tests.xgboost_server import models, running
from tests.xgboost_server.recordings import record
from xgboost_server import matrix

pytestmark = [pytest.mark.environments, pytest.mark.timeout(900)]

FOLDER = Path(__file__).resolve().parent
MODEL = models.a_booster(columns=6)
WHOLE = models.some_rows(20, 6, missing=0)
MISSING = models.some_rows(20, 6)
MISSING[0, 0] = 0.5  # else nothing would tell libsvm's two ways of counting apart


@contextlib.asynccontextmanager
async def an_endpoint(folder: Path) -> AsyncIterator[str]:
    """Host and port of a router before a server."""
    model_dir = models.a_model_dir(folder / "model", MODEL)
    async with running.a_server(model_dir, folder / "log") as server, routers.a_router() as router:
        router.use(Variant1=(1, [f"127.0.0.1:{server.port}"]))
        yield f"127.0.0.1:{router.server.port}"


async def run(script: Path, argument: str, rows: matrix.Matrix) -> bytes:
    """The last line that a script says on its standard output, when it was given the rows."""
    python = await asyncio.to_thread(locked_environments.interpreter, "clients", print)
    # Nothing but the endpoint is to be asked for anything.
    quiet = {"AWS_EC2_METADATA_DISABLED": "true", "SAGEMAKER_SUPPRESS_V2_WARNING": "1"}
    process = await asyncio.create_subprocess_exec(
        python,
        script,
        argument,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **quiet},
    )
    given = [[None if np.isnan(value) else value for value in row] for row in rows.tolist()]
    said, complaints = await process.communicate(json.dumps(given).encode())
    assert process.returncode == 0, complaints.decode()
    return said.splitlines()[-1]


@pytest.mark.parametrize("rows", [WHOLE, MISSING], ids=["all there", "some missing"])
async def test_the_sagemaker_sdk_gets_booster_predict_with_each_serializer(
    tmp_path: Path, rows: matrix.Matrix
) -> None:
    async with an_endpoint(tmp_path) as address:
        results = json.loads(await run(FOLDER / "sagemaker_sdk.py", f"http://{address}", rows))
    right = models.expected(MODEL, rows).tobytes().hex()
    assert len(results) == 26
    assert {tuple(result[:2]) for result in results if result[2] != right} == set()


@pytest.mark.parametrize(("rows", "ways"), [(WHOLE, 8), (MISSING, 4)], ids=["all there", "some missing"])
async def test_tritons_client_gets_booster_predict_by_open_inference(
    tmp_path: Path, rows: matrix.Matrix, ways: int
) -> None:
    async with an_endpoint(tmp_path) as address:
        said = json.loads(await run(FOLDER / "tritonclient_infer.py", address, rows))
    right = models.expected(MODEL, rows).tobytes().hex()
    assert len(said["results"]) == ways
    assert [result for result in said["results"] if result[3] != right] == []
    about = said["about"]
    assert about["live"] is about["ready"] is about["model ready"] is True
    assert about["server"]["extensions"] == ["binary_tensor_data"]
    assert about["model"]["inputs"] == [{"name": "input-0", "datatype": "FP32", "shape": [-1, 6]}]
    assert said["refusal"] == "inputs must be a list of one tensor: a row or rows of all features"


async def test_the_recordings_are_what_amazons_writer_writes(tmp_path: Path) -> None:
    await run(Path(record.__file__), str(tmp_path), WHOLE)
    assert contents(tmp_path) == contents(record.FOLDER)


def contents(folder: Path) -> dict[str, bytes]:
    """The recordings in a folder."""
    return {file.name: file.read_bytes() for file in folder.glob("*.recordio")}
