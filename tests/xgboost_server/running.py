"""The real ``xgboost-server`` as a process on loopback."""

import asyncio
import contextlib
import io
import os
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.builders import waiting

PROGRAM = str(Path(sys.executable).with_name("xgboost-server"))


@dataclass(slots=True)
class Server:
    """The real ``xgboost-server`` as a process."""

    process: asyncio.subprocess.Process
    log_file: Path
    client: aiohttp.ClientSession
    url: str = ""

    @property
    def log(self) -> str:
        """All that it wrote so far."""
        return self.log_file.read_text()

    @property
    def port(self) -> int:
        """Where it listens; 0 as long as it does not."""
        found = re.search(r"listening on \S+:(\d+),", self.log)
        return int(found[1]) if found else 0

    async def invoke(
        self, body: bytes, content_type: str | None = "text/csv", **headers: str
    ) -> tuple[int, str, bytes]:
        """Status, content type and body of a prediction's answer."""
        sent = {**headers, **({} if content_type is None else {"Content-Type": content_type})}
        skipped = ["Content-Type", "Accept"]
        url = f"{self.url}/invocations"
        async with self.client.post(
            url, data=io.BytesIO(body) if body else None, headers=sent, skip_auto_headers=skipped
        ) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), await answer.read()

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        async with self.client.get(self.url + path) as answer:
            return answer.status, await answer.read()


@contextlib.asynccontextmanager
async def a_server(
    model_dir: Path, log_file: Path, *options: str, **environment: str
) -> AsyncIterator[Server]:
    """The server of a model directory, listening; killed at the end if it still runs."""
    arguments = ("serve", "--model-dir", str(model_dir), "--host", "127.0.0.1", "--port", "0", *options)
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, *arguments, stdout=log, stderr=log, env={**os.environ, **environment}
        )
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            server = Server(process, log_file, client)
            await waiting.until(lambda: server.port > 0 or process.returncode is not None, seconds=60)
            assert process.returncode is None, server.log
            server.url = f"http://127.0.0.1:{server.port}"
            yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
