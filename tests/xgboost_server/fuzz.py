"""Damaged and random bodies in every format against a running server: it may refuse, never fail.

``python -m tests.xgboost_server.fuzz --help`` sends many to a server of its own; exit 1 on an answer that is none of
2xx, 4xx and the documented 500 of selectable output, and when the server died or logged an error.
"""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tests.xgboost_server import in_process, models, objectives, running, table

_FORMS = tuple(table.REQUESTS)
_ACCEPTS = (None, "*/*", "x/y", "text/csv;q=0", *table.ANSWERS)
_SCRAPS = (
    *(b",", b"\n", b"\r\n", b":", b" ", b"\0", b"\xff", b"nan", b"inf", b"1e999", b"1_0", b"-", b'"', b"#"),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"null",
        b"NaN",
        b"true",
        b"9" * 400,
        b"[" * 3000,
        b"\n" * 5000,
        b"1:1 " * 3000,
    ),
    *(b"\x0a\x23\xd7\xce", b"\xff\xff\xff\x7f", b"4294967296:1", b'"shape":[9999999,9999999]', b"-1", b"1.5"),
)
_INFERENCE = (
    b'{"id":"1","inputs":[{"name":"x","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,null]}],'
    b'"outputs":[{"name":"output-0","parameters":{"binary_data":true}}],"parameters":{}}'
)
_BINARY = b'{"inputs":[{"name":"x","shape":[2,4],"datatype":"INT16","parameters":{"binary_data_size":16}}]}'


def damaged(body: bytes, chance: random.Random) -> bytes:
    """``body`` with a few changes: bytes flipped, cut out, doubled, scraps put in, or nothing but noise."""
    content = bytearray(body)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(content) + 1)
        until = min(len(content), at + chance.choice((1, 1, 4, 30)))
        match chance.randrange(6):
            case 0:
                content[at:until] = chance.randbytes(until - at)
            case 1:
                del content[at:until]
            case 2:
                content[at:at] = content[at:until]
            case 3:
                content[at:at] = chance.choice(_SCRAPS)
            case 4:
                del content[at:]
            case _:
                content[at:until] = chance.choice(_SCRAPS)
    return bytes(content) if chance.random() < 0.97 else chance.randbytes(chance.randrange(300))


def a_request(chance: random.Random) -> tuple[str, bytes, Mapping[str, str | None]]:
    """Path, body and headers."""
    if chance.random() < 0.2:
        return _an_inference(chance)
    content_type, write = table.REQUESTS[chance.choice(_FORMS)]
    rows = table.ROWS[: chance.randint(1, 6), : chance.randint(1, 4)]
    body = damaged(write(rows), chance)
    if chance.random() < 0.05:
        content_type = table.REQUESTS[chance.choice(_FORMS)][0]
    if chance.random() < 0.02:
        body *= chance.choice((50, 500))
    return "/invocations", body, {"Content_Type": content_type, "Accept": chance.choice(_ACCEPTS)}


def _an_inference(chance: random.Random) -> tuple[str, bytes, Mapping[str, str | None]]:
    if chance.random() < 0.5:
        return "/v2/models/m/infer", damaged(_INFERENCE, chance), {}
    body = damaged(_BINARY + bytes(range(16)), chance)
    length = len(_BINARY) + chance.choice((0, 0, 0, 0, -1, 1, 9999))
    return "/v2/models/m/infer", body, {"Inference_Header_Content_Length": str(length)}


async def bombard(port: int, count: int, seed: int) -> Counter[int]:
    """Statuses of ``count`` requests. Raises AssertionError with the request that got an answer it must not get."""
    chance = random.Random(seed)
    client = in_process.Client(port)
    statuses: Counter[int] = Counter()
    for _ in range(count):
        path, body, headers = a_request(chance)
        answer = await client.post(path, body, **headers)
        is_documented = answer.body.startswith(b"Objective `") and answer.status == 500
        allowed = 200 <= answer.status < 300 or 400 <= answer.status < 500 or is_documented
        assert allowed, f"{answer.status} {answer.body!r} to {path} {headers} {body!r}"
        statuses[answer.status] += 1
    await client.close()
    return statuses


async def campaign(
    folder: Path, count: int, *, seed: int, objective: str, **environment: str
) -> Counter[int]:
    """`bombard` a new server of a model of ``objective``, over a few connections at a time."""
    trained = objectives.train(objective)
    async with running.a_server(
        models.a_model_dir(folder / "model", trained), folder / "log", **environment
    ) as server:
        shares = await asyncio.gather(
            *(bombard(server.port, count // 4, seed * 4 + part) for part in range(4))
        )
        assert server.process.returncode is None, server.log
        assert "ERROR" not in server.log, server.log
        assert (await server.get("/ping"))[0] == 200
    return sum(shares, Counter())


CAMPAIGNS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("binary:logistic", {}),
    ("multi:softprob", {"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probabilities,predicted_score"}),
    ("rank:ndcg", {"SAGEMAKER_INFERENCE_OUTPUT": "probability", "SAGEMAKER_BATCH": "true"}),
)


def main(
    bodies: Annotated[int, typer.Option(help="how many, a third to each kind of model")] = 50_000,
    seed: Annotated[int, typer.Option(help="the same seed sends the same bytes")] = 0,
) -> None:
    """Send damaged and random bodies to servers of their own, and show which statuses came back."""
    for number, (objective, environment) in enumerate(CAMPAIGNS):
        with tempfile.TemporaryDirectory() as folder:
            statuses = asyncio.run(
                campaign(
                    Path(folder), -(-bodies // 3), seed=3 * seed + number, objective=objective, **environment
                )
            )
        print(f"{objective} {dict(environment)}: {statuses.total()} bodies, {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    typer.run(main)
