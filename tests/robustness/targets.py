"""Both programs as real processes on loopback, with what the fuzzer and the chaos tests need to know of them."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.builders import router_process
from tests.robustness import inputs, mutation, upstreams
from tests.xgboost_server import models
from tests.xgboost_server import running as server_process

COLUMNS = 8
_COMPLAINTS = ("Traceback", "ERROR", "CRITICAL", "never awaited")
_MODEL_STATUSES = frozenset(range(200, 300))
_ROUTER_STATUSES = frozenset({400, 404, 405, 408, 413, 417, 424, 431, 503}) | _MODEL_STATUSES
_SERVER_STATUSES = frozenset({200, 204, 400, 404, 405, 406, 408, 413, 415, 417, 431})


@dataclass(frozen=True, slots=True)
class Target:
    """A running program. ``good`` is a request that it answers with 200, whatever it went through before.

    ``statuses`` are all that the contract knows; an internal error is none of them. ``passes_statuses``: those of a
    model are passed on under ``/v2``, whatever they are.
    """

    name: str
    port: int
    pid: int
    make: Callable[[random.Random, int], inputs.Input]
    statuses: frozenset[int]
    good: bytes
    log_file: Path
    passes_statuses: bool = False

    @property
    def complaint(self) -> str:
        """The first thing in its log that nobody wants to see, with what follows it; empty when there is none."""
        lines = self.log_file.read_text().splitlines()
        for number, line in enumerate(lines):
            if any(word in line for word in _COMPLAINTS):
                return "\n".join(lines[number : number + 40])
        return ""


def post(target: str, body: bytes, *lines: str) -> bytes:
    """A good request, the last of its connection."""
    head = (f"POST {target} HTTP/1.1", "Host: h", f"Content-Length: {len(body)}", "Connection: close", *lines)
    return "\r\n".join((*head, "", "")).encode() + body


def table_file(folder: Path, variants: Mapping[str, tuple[float, list[str]]]) -> Path:
    """A route table with fixed addresses."""
    table = {
        "version": 1,
        "endpoint": "churn",
        "revision": 1,
        "variants": [
            {"name": name, "weight": weight, "backends": [{"addresses": addresses, "weight": 1}]}
            for name, (weight, addresses) in variants.items()
        ],
    }
    path = folder / "routes.json"
    path.write_text(json.dumps(table))
    return path


@contextlib.asynccontextmanager
async def a_fuzzed_router(folder: Path, seed: int, *, workers: int = 1) -> AsyncIterator[Target]:
    """The router, in so many processes, between a fuzzer, a good model and one whose answers are fuzzed too."""

    async def bad(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = await upstreams.read_request(reader)
            said = inputs.model_answer(random.Random(f"{seed} {body[:24]!r}"), body)
            for piece in mutation.pieces(random.Random(f"{seed} {body[:24]!r}"), said):
                writer.write(piece)
                await asyncio.sleep(0)
            if said != upstreams.answer(body):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.02)
                return

    async with upstreams.running(upstreams.good) as good, upstreams.running(bad) as broken:
        table = table_file(folder, {"Good": (1, [good.address]), "Bad": (1, [broken.address])})
        log_file = folder / "router.log"
        options = ("--route-table", str(table), "--workers", str(workers))
        async with router_process.a_router(log_file, *options) as router:
            await router.client.close()
            yield Target(
                name="router",
                port=router.port,
                pid=router.process.pid,
                make=inputs.for_router,
                statuses=_ROUTER_STATUSES,
                good=post("/invocations", b"good", "X-Amzn-SageMaker-Target-Variant: Good"),
                log_file=log_file,
                passes_statuses=True,
            )


@contextlib.asynccontextmanager
async def a_fuzzed_server(folder: Path, *, workers: int = 1) -> AsyncIterator[Target]:
    """The model server with a small model, in so many processes."""
    model_dir = models.a_model_dir(folder / "model", models.a_booster(columns=COLUMNS))
    log_file = folder / "server.log"
    async with server_process.a_server(model_dir, log_file, "--workers", str(workers)) as server:
        row = ",".join(["1"] * COLUMNS).encode()
        yield Target(
            name="server",
            port=server.port,
            pid=server.process.pid,
            make=inputs.for_server,
            statuses=_SERVER_STATUSES,
            good=post("/invocations", row, "Content-Type: text/csv"),
            log_file=log_file,
        )
