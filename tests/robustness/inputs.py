"""What the fuzzer sends to each program: the framing tables and requests of its own making, damaged."""

import random
from dataclasses import dataclass

from tests.http_protocol import test_framing
from tests.http_protocol.framing import answers
from tests.robustness import marks, mutation

_CORPUS_BYTES = 9_000
_TABLED_REQUESTS = [case.sent for case in test_framing.CASES if len(case.sent) < _CORPUS_BYTES]
_TABLED_ANSWERS = [case.sent for case in answers.CASES if len(case.sent) < _CORPUS_BYTES]
_CONTENT_TYPES = (
    *("text/csv", "text/csv; label_size=1", "csv", "text/libsvm", "text/x-libsvm", "application/json"),
    *(
        "application/jsonlines",
        "application/x-recordio-protobuf",
        "application/octet-stream",
        "text/csv;charset=",
    ),
)
_ACCEPTS = (
    "text/csv",
    "application/json",
    "application/jsonlines",
    "*/*",
    "text/*",
    "x/y",
    "",
    "application/json;q=0",
)
_CELLS = (
    "1",
    "0.5",
    "-3e10",
    "",
    "nan",
    "NA",
    "inf",
    "-inf",
    "1e400",
    "1e-400",
    "x",
    "\xe9",
    '"1"',
    " 2 ",
    "0x1",
    "1_0",
)
_RECORD = b"\x0a\x23\xd7\xce"


@dataclass(frozen=True, slots=True)
class Input:
    """What a client sends, in pieces. ``is_whole``: nothing was damaged, so that an answer must come."""

    pieces: list[bytes]
    is_whole: bool

    @property
    def sent(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)


def for_router(rng: random.Random, number: int) -> Input:
    """A request, or a few, to the router's data port."""
    target = rng.choice(
        ("/invocations", "/invocations", "/endpoints/churn/invocations", "/endpoints/other/invocations", "/ping",
         "/v2/models/churn/infer", "/v2/health/ready?x=y", "/v2/../ping", "/nope")
    )  # fmt: skip
    variant = rng.choice(("Good", "Good", "Bad", "Bad", "Bad", "Nope", None))
    lines = [f"X-Amzn-SageMaker-Target-Variant: {variant}"] if variant else []
    body = marks.of(number) + b"x" * rng.choice((0, 0, 10, 100, 1000, 70_000))
    return _input(rng, _message(rng, target, lines, body))


def for_server(rng: random.Random, number: int) -> Input:
    """A request, or a few, to the model server."""
    del number
    target = rng.choice(
        ("/invocations", "/invocations", "/invocations", "/invocations?x=y", "/ping", "/metrics", "/v2/health/ready",
         "/execution-parameters", "/v2/models/model/infer", "/nope")
    )  # fmt: skip
    lines = [f"Content-Type: {rng.choice(_CONTENT_TYPES)}"] if rng.random() < 0.9 else []
    if rng.random() < 0.5:
        lines.append(f"Accept: {rng.choice(_ACCEPTS)}")
    return _input(rng, _message(rng, target, lines, _payload(rng)))


def model_answer(rng: random.Random, body: bytes) -> bytes:
    """What a bad model answers to a request with ``body``."""
    if rng.random() < 0.3:
        answer = rng.choice(_TABLED_ANSWERS)
    else:
        status = rng.choice(
            ("200 OK", "200 OK", "201 x", "204 x", "302 x", "404 x", "500 x", "999 x", "103 x")
        )
        answer = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nX: y\r\n\r\n".encode() + body
    return mutation.damaged(rng, answer, _TABLED_ANSWERS)


def _input(rng: random.Random, message: bytes) -> Input:
    if rng.random() < 0.2:
        message = (
            rng.choice(_TABLED_REQUESTS).replace(b" /p ", b" /invocations ").replace(b" /g ", b" /ping ")
        )
        damaged = mutation.damaged(rng, message, _TABLED_REQUESTS)
        return Input(mutation.pieces(rng, damaged), is_whole=False)
    damaged = mutation.damaged(rng, message, _TABLED_REQUESTS)
    return Input(mutation.pieces(rng, damaged), is_whole=damaged == message)


def _message(rng: random.Random, target: str, lines: list[str], body: bytes) -> bytes:
    usual = "POST" if "in" in target else "GET"
    method = rng.choice((*[usual] * 12, "POST", "GET", "PUT", "OPTIONS", "PATCH"))
    version = rng.choice(("1.1", "1.1", "1.1", "1.1", "1.0"))
    if version == "1.1" and rng.random() < 0.3:
        lines = [*lines, "Transfer-Encoding: chunked"]
        body = mutation.chunked(rng, body)
    else:
        lines = [*lines, f"Content-Length: {len(body)}"]
    if rng.random() < 0.1:
        lines.append("Expect: 100-continue")
    rng.shuffle(lines)
    head = "\r\n".join((f"{method} {target} HTTP/{version}", "Host: churn", *lines, "", ""))
    return (head.encode() + body) * rng.choice((1, 1, 1, 1, 2, 5))


def _payload(rng: random.Random) -> bytes:
    kind = rng.randrange(7)
    rows, columns = rng.choice((0, 1, 1, 2, 30, 400)), rng.choice((1, 7, 8, 8, 9))
    if kind == 0:
        return rng.randbytes(rng.choice((0, 1, 50, 3000)))
    if kind == 1:
        return _RECORD + rng.randbytes(rng.choice((0, 3, 4, 60)))
    if kind == 2:
        lines = (" ".join(f"{_index(rng)}:{_cell(rng)}" for _ in range(columns)) for _ in range(rows))
        return "\n".join(f"{rng.randrange(2)} {line}" for line in lines).encode("latin-1")
    cells = [",".join(_cell(rng) for _ in range(columns)) for _ in range(rows)]
    if kind == 3:
        return ('{"instances": [' + ",".join(f"[{row}]" for row in cells) + "]}").encode("latin-1")
    if kind == 4:
        datatype = rng.choice(("FP32", "FP32", "FP64", "INT8", "BYTES", "x"))
        tensor = f'"name": "x", "shape": [{rows}, {columns}], "datatype": "{datatype}", "data": [{",".join(cells)}]'
        return f'{{"inputs": [{{{tensor}}}]}}'.encode("latin-1")
    if kind == 5:
        return ("[" * rng.choice((1, 3, 2000)) + ",".join(cells) + "]" * rng.choice((0, 1, 2000))).encode(
            "latin-1"
        )
    return rng.choice(("\n", "\n", "\r\n", ";\n")).join(cells).encode("latin-1")


def _index(rng: random.Random) -> int:
    return rng.choice((0, 1, 2, 8, 9, -1, 10**20, rng.randrange(10)))


def _cell(rng: random.Random) -> str:
    return str(rng.randrange(100)) if rng.random() < 0.9 else rng.choice(_CELLS)
