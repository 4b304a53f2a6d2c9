"""Requests and answers that are almost right: whole ones put together from parts, then damaged where it hurts.

Everything follows from the random numbers that are passed in: the same seed makes the same bytes.
"""

import random
import re
from collections.abc import Callable, Sequence

_NUMBER = re.compile(rb"[0-9]+")
_ODD_BYTES = (
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b" ",
        b"\t",
        b"\x0b",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xc3\xa9",
    ),
    *(
        b":",
        b";",
        b",",
        b"/",
        b"\\",
        b"#",
        b"?",
        b"%00",
        b"%0d%0a",
        b"0",
        b"-1",
        b'"',
        b"chunked",
        b"HTTP/1.1",
        b"{{",
    ),
)
_ODD_NUMBERS = (
    *(
        b"0",
        b"-1",
        b"+5",
        b"00",
        b"007",
        b"1e3",
        b"0x10",
        b"5, 5",
        b"4294967296",
        b"18446744073709551616",
        b"",
    ),
    *(b"6291456", b"6291457", b"2147483648", b"9" * 40, b"\xb2", b"1.0", b"5;a", b"ffffffffffffffff"),
)
_ODD_LINES = (
    *(b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 5, 6", b"Content_Length: 5"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding : chunked"),
    *(
        b"Transfer-Encoding:\x0bchunked",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Connection: Upgrade",
    ),
    *(
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"Expect: coffee",
        b"Host: evil",
        b"Host:",
        b" folded",
        b"no colon",
    ),
    *(b": no name", b"X\0: y", b"X: a\rb", b"X: " + b"y" * 9000, b"X: " + b"y" * 40_000, b"Trailer: X"),
    *(
        b"Content-Type: application/json",
        b"Content-Type: text/csv; charset=\xff",
        b"Accept: x/y",
        b"Accept: */*;q=0",
    ),
    *(
        b"X-Amzn-SageMaker-Target-Variant: Nope",
        b"X-Amzn-SageMaker-Target-Model: m",
        b"X-Amzn-SageMaker-Inference-Id:",
    ),
    *(
        b"X-Amzn-SageMaker-Custom-Attributes: " + b"\xe9" * 2000,
        b"x-amzn-RequestId: evil",
        b"Content-Encoding: gzip",
    ),
)

Mutation = Callable[[random.Random, bytes], bytes]


def damaged(rng: random.Random, message: bytes, others: Sequence[bytes]) -> bytes:
    """``message`` after none to four mutations; ``others`` are messages to borrow from."""
    for _ in range(rng.choice((0, 0, 0, 1, 1, 1, 2, 4))):
        if rng.random() < 0.12:
            message = _splice(rng, message, rng.choice(others))
        else:
            message = rng.choice(_MUTATIONS)(rng, message)
    return message


def pieces(rng: random.Random, message: bytes) -> list[bytes]:
    """``message`` as it may arrive: mostly whole, sometimes in a few pieces."""
    if not message or rng.random() < 0.6:
        return [message]
    cuts = sorted(rng.randrange(len(message) + 1) for _ in range(rng.randrange(1, 4)))
    return [message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)], strict=True) if b > a]


def chunked(rng: random.Random, body: bytes) -> bytes:
    """``body`` in chunks of any size, with an extension or a trailer at times."""
    parts = []
    while body:
        size = rng.randrange(1, len(body) + 1)
        extension = rng.choice((b"", b"", b"", b";a=b", b';a="b;c"'))
        parts.append(b"%x%s\r\n%s\r\n" % (size, extension, body[:size]))
        body = body[size:]
    trailer = rng.choice((b"", b"", b"", b"X: y\r\n", b"Content-Length: 5\r\nHost: evil\r\n"))
    return b"".join(parts) + b"0\r\n" + trailer + b"\r\n"


def _place(rng: random.Random, message: bytes) -> int:
    """Most of the time somewhere in the head, where it matters."""
    head = message.find(b"\r\n\r\n") + 4
    within = head if head > 3 and rng.random() < 0.7 else len(message)
    return rng.randrange(within + 1)


def _insert(rng: random.Random, message: bytes) -> bytes:
    place = _place(rng, message)
    return message[:place] + rng.choice(_ODD_BYTES) + message[place:]


def _overwrite(rng: random.Random, message: bytes) -> bytes:
    place = _place(rng, message)
    return message[:place] + bytes([rng.randrange(256)]) + message[place + 1 :]


def _remove(rng: random.Random, message: bytes) -> bytes:
    place = _place(rng, message)
    return message[:place] + message[place + rng.choice((1, 1, 2, 4, 16)) :]


def _truncate(rng: random.Random, message: bytes) -> bytes:
    return message[: _place(rng, message)]


def _repeat(rng: random.Random, message: bytes) -> bytes:
    start = _place(rng, message)
    part = message[start : start + rng.choice((1, 2, 8, 64))]
    return message[:start] + part * rng.choice((2, 2, 3, 50)) + message[start + len(part) :]


def _change_number(rng: random.Random, message: bytes) -> bytes:
    found = list(_NUMBER.finditer(message[:4096]))
    if not found:
        return message
    number = rng.choice(found)
    return message[: number.start()] + rng.choice(_ODD_NUMBERS) + message[number.end() :]


def _change_line_end(rng: random.Random, message: bytes) -> bytes:
    parts = message.split(b"\r\n")
    if len(parts) < 2:
        return message
    place = rng.randrange(1, len(parts))
    end = rng.choice((b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n ", b"\r\n\r\n", b"", b"\x0b"))
    return b"\r\n".join(parts[:place]) + end + b"\r\n".join(parts[place:])


def _add_line(rng: random.Random, message: bytes) -> bytes:
    line = rng.choice(_ODD_LINES)
    return _with_lines(message, lambda lines: lines.insert(rng.randrange(len(lines) + 1), line))


def _repeat_line(rng: random.Random, message: bytes) -> bytes:
    def repeat(lines: list[bytes]) -> None:
        if lines:
            lines.extend([rng.choice(lines)] * rng.choice((1, 1, 1, 120)))

    return _with_lines(message, repeat)


def _drop_line(rng: random.Random, message: bytes) -> bytes:
    return _with_lines(message, lambda lines: lines and lines.pop(rng.randrange(len(lines))))


def _swap_case(rng: random.Random, message: bytes) -> bytes:
    def swap(lines: list[bytes]) -> None:
        if lines:
            place = rng.randrange(len(lines))
            lines[place] = lines[place].swapcase()

    return _with_lines(message, swap)


def _with_lines(message: bytes, change: Callable[[list[bytes]], object]) -> bytes:
    first, end, rest = message.partition(b"\r\n")
    head, blank, body = rest.partition(b"\r\n\r\n")
    if not end or not blank:
        return message
    lines = head.split(b"\r\n")
    change(lines)
    return b"\r\n".join((first, *lines)) + blank + body


def _splice(rng: random.Random, message: bytes, other: bytes) -> bytes:
    how = rng.randrange(3)
    if how == 0:
        return message + other
    if how == 1:
        return message[: _place(rng, message)] + other
    return message[: _place(rng, message)] + other[_place(rng, other) :]


_MUTATIONS: tuple[Mutation, ...] = (
    _insert, _insert, _overwrite, _remove, _truncate, _repeat, _change_number, _change_number, _change_line_end,
    _add_line, _add_line, _repeat_line, _drop_line, _swap_case,
)  # fmt: skip
