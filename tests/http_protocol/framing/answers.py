"""Answers of upstream servers: what a caller gets of them, and whether the connection may be used again."""

from dataclasses import dataclass

from http_protocol import client_connection
from tests.http_protocol.framing import cases

GARBAGE = client_connection.Failure.GARBAGE
BROKEN = client_connection.Failure.BROKEN
TOO_LARGE = client_connection.Failure.TOO_LARGE

LIMIT = 100_000
"""Bytes of a body that the connections of these cases take."""
POST = b"POST /invocations HTTP/1.1\r\nHost: m\r\n\r\n"
HEAD = b"HEAD /ping HTTP/1.1\r\nHost: m\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
GOT = (200, b"hello")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row: ``verdict`` is a status and a body, or a failure. ``alone`` as in `cases`.

    ``after_eof``: only the end of the stream brings the verdict about. ``extra``: bytes of ``sent``, at its end,
    that belong to no answer; when they come later than the answer, they close a connection that was free already.
    """

    name: str
    sent: bytes
    verdict: tuple[int, bytes] | client_connection.Failure
    is_reusable: bool = False
    after_eof: bool = False
    extra: int = 0
    request: bytes = POST
    alone: str = ""

    @property
    def parser_alone(self) -> str:
        """What httptools says by itself: the same as we do, unless the row knows better."""
        return self.alone or self.ours

    @property
    def ours(self) -> str:
        """What we say, in the words of ``alone``."""
        if isinstance(self.verdict, tuple):
            return f"{self.verdict[0]}{cases.shown(self.verdict[1])}"
        return "waits" if self.verdict is BROKEN else "refused"


def kept(
    name: str, sent: bytes, verdict: tuple[int, bytes] = GOT, *, request: bytes = POST, alone: str = ""
) -> Case:
    """An answer, and the connection can be used again."""
    return Case(name=name, sent=sent, verdict=verdict, is_reusable=True, request=request, alone=alone)


def last(
    name: str, sent: bytes, verdict: tuple[int, bytes] = GOT, *, extra: int = 0, alone: str = ""
) -> Case:
    """An answer, and nothing after it."""
    return Case(name=name, sent=sent, verdict=verdict, extra=extra, alone=alone)


def at_end(name: str, sent: bytes, verdict: tuple[int, bytes] = GOT, *, alone: str = "") -> Case:
    """An answer that ends with the stream."""
    return Case(name=name, sent=sent, verdict=verdict, after_eof=True, alone=alone)


def broken(name: str, sent: bytes, *, alone: str = "") -> Case:
    """Too little for an answer."""
    return Case(name=name, sent=sent, verdict=BROKEN, after_eof=True, alone=alone)


def garbage(name: str, sent: bytes, *, alone: str = "") -> Case:
    """No answer, or one that could be read in two ways."""
    return Case(name=name, sent=sent, verdict=GARBAGE, alone=alone)


def too_large(name: str, sent: bytes, *, alone: str = "") -> Case:
    """A body over the limit."""
    return Case(name=name, sent=sent, verdict=TOO_LARGE, alone=alone)


def answer(*lines: str, body: bytes = b"", status: str = "HTTP/1.1 200 OK") -> bytes:
    """An answer with these header lines, all sent as written."""
    return "\r\n".join((status, *lines, "", "")).encode("latin-1") + body


CASES: list[Case] = [
    kept("a length", HELLO),
    kept("length 0", answer("Content-Length: 0"), (200, b"")),
    kept("chunks", CHUNKED + CHUNKS),
    kept("several chunks", CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
    kept("no chunk but the last", CHUNKED + b"0\r\n\r\n", (200, b"")),
    kept("chunks with trailers", CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
    kept("chunks with our headers as trailers", CHUNKED + b"5\r\nhello\r\n0\r\nx-Amzn-ErrorType: ModelError\r\n\r\n"),
    kept("chunks with a length as trailer", CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
         alone="refused"),
    kept("an error", answer("Content-Length: 4", body=b"oops", status="HTTP/1.1 500 x"), (500, b"oops")),
    kept("a redirection", answer("Content-Length: 0", "Location: /x", status="HTTP/1.1 302 x"), (302, b"")),
    kept("a status nobody knows", answer("Content-Length: 0", status="HTTP/1.1 799 x"), (799, b"")),
    kept("no reason phrase", answer("Content-Length: 0", status="HTTP/1.1 200"), (200, b"")),
    kept("an empty reason phrase", answer("Content-Length: 0", status="HTTP/1.1 200 "), (200, b"")),
    kept("obs-text in the reason phrase", answer("Content-Length: 5", body=b"hello", status="HTTP/1.1 200 d\xe9j\xe0")),
    kept("obs-text in a value", answer("X: \xe9", "Content-Length: 5", body=b"hello")),
    kept("a header of ours", answer("x-amzn-RequestId: evil", "Content-Length: 5", body=b"hello")),
    kept("two headers of the same name", answer("X: a", "X: b", "Content-Length: 5", body=b"hello")),
    kept("an upgrade that is only offered", answer("Upgrade: h2c", "Content-Length: 5", body=b"hello")),
    kept("an upgrade offered twice over", answer("Upgrade: h2c", "Connection: upgrade", "Content-Length: 5",
         body=b"hello")),
    # without a body
    kept("no content", answer(status="HTTP/1.1 204 No Content"), (204, b"")),
    kept("no content of length 0", answer("Content-Length: 0", status="HTTP/1.1 204 x"), (204, b"")),
    kept("not modified", answer(status="HTTP/1.1 304 x"), (304, b"")),
    last("no content that has a length", answer("Content-Length: 5", status="HTTP/1.1 204 x"), (204, b"")),
    last("no content and a body", answer("Content-Length: 5", body=b"hello", status="HTTP/1.1 204 x"), (204, b""),
         alone="204, refused"),
    last("no content in chunks", answer("Transfer-Encoding: chunked", body=CHUNKS, status="HTTP/1.1 204 x"), (204, b""),
         alone="204, refused"),
    last("not modified with a length", answer("Content-Length: 5", status="HTTP/1.1 304 x"), (304, b"")),
    last("a byte after no content", answer(status="HTTP/1.1 204 x", body=b"!"), (204, b""), extra=1,
         alone="204, refused"),
    kept("the head alone", answer("Content-Length: 5"), (200, b""), request=HEAD, alone="waits"),
    kept("the head alone of chunks", CHUNKED, (200, b""), request=HEAD, alone="waits"),
    kept("the head alone without a length", answer("Connection: keep-alive"), (200, b""), request=HEAD,
         alone="waits"),
    # interim answers
    kept("continue first", answer(status="HTTP/1.1 100 Continue") + HELLO, alone="100, 200 hello"),
    kept("processing first", answer(status="HTTP/1.1 102 x") + HELLO, alone="102, 200 hello"),
    kept("early hints first", answer("Link: y", status="HTTP/1.1 103 x") + HELLO, alone="103, 200 hello"),
    kept("early hints with a length first", answer("Content-Length: 0", status="HTTP/1.1 103 x") + HELLO,
         alone="103, 200 hello"),
    kept("eight interim answers first", answer(status="HTTP/1.1 102 x") * 8 + HELLO,
         alone="102, 102, 102, 102, 102, 102, 102, 102, 200 hello"),
    garbage("nine interim answers", answer(status="HTTP/1.1 102 x") * 9 + HELLO,
         alone="102, 102, 102, 102, 102, 102, 102, 102, 102, 200 hello"),
    garbage("a body after an interim answer", answer("Content-Length: 5", body=b"hello", status="HTTP/1.1 103 x")
            + HELLO,
         alone="103, refused"),
    garbage("switching protocols", answer("Upgrade: h2c", "Connection: upgrade", status="HTTP/1.1 101 x"),
         alone="101, stops to upgrade"),
    garbage("switching protocols and an answer", answer(status="HTTP/1.1 101 x") + HELLO, alone="101, refused"),
    broken("only a continue", answer(status="HTTP/1.1 100 Continue"), alone="100"),
    # what closes
    at_end("until the end", OK + b"\r\nhello", alone="waits"),
    at_end("nothing until the end", OK + b"\r\n", (200, b""), alone="waits"),
    at_end("until the end though kept alive", answer("Connection: keep-alive", body=b"hello"), alone="waits"),
    at_end("http 1.0 until the end", b"HTTP/1.0 200 OK\r\n\r\nhello", alone="waits"),
    at_end("close until the end", answer("Connection: close", body=b"hello"), alone="waits"),
    last("close", answer("Connection: close", "Content-Length: 5", body=b"hello")),
    last("close in another case", answer("Connection: CLOSE", "Content-Length: 5", body=b"hello")),
    last("close among options", answer("Connection: keep-alive, close", "Content-Length: 5", body=b"hello")),
    last("close after chunks", answer("Connection: close", "Transfer-Encoding: chunked", body=CHUNKS)),
    last("http 1.0 with a length", answer("Content-Length: 5", body=b"hello", status="HTTP/1.0 200 OK")),
    kept("http 1.0 kept alive",
         answer("Connection: keep-alive", "Content-Length: 5", body=b"hello", status="HTTP/1.0 200 OK")),
    # too much
    last("a second answer", HELLO + HELLO, extra=len(HELLO), alone="200 hello, 200 hello"),
    last("a second answer after chunks", CHUNKED + CHUNKS + HELLO, extra=len(HELLO), alone="200 hello, 200 hello"),
    last("a second answer after no content", answer(status="HTTP/1.1 204 x") + HELLO, (204, b""), extra=len(HELLO),
         alone="204, 200 hello"),
    last("a second answer after an error", answer("Content-Length: 0", status="HTTP/1.1 500 x") + HELLO, (500, b""),
         extra=len(HELLO), alone="500, 200 hello"),
    last("an interim answer after the answer", HELLO + answer(status="HTTP/1.1 100 x"),
         extra=len(answer(status="HTTP/1.1 100 x")),
         alone="200 hello, 100"),
    last("one byte too many", HELLO + b"!", extra=1, alone="200 hello, refused"),
    last("an empty line too many", HELLO + b"\r\n", extra=2),
    last("a byte after chunks", CHUNKED + CHUNKS + b"!", extra=1, alone="200 hello, refused"),
    # too little
    broken("nothing", b""),
    broken("half a status line", b"HTTP/1.1 2"),
    broken("half a head", b"HTTP/1.1 200 OK\r\nConte"),
    broken("a head without its empty line", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
    broken("half a body", OK + b"Content-Length: 6\r\n\r\nhello"),
    broken("half a body with close", answer("Connection: close", "Content-Length: 6", body=b"hello")),
    broken("half a chunk", CHUNKED + b"5\r\nhel"),
    broken("no last chunk", CHUNKED + b"5\r\nhello\r\n"),
    broken("a last chunk without its empty line", CHUNKED + b"5\r\nhello\r\n0\r\n"),
    # status lines
    garbage("garbage", b"\x00\x01garbage\r\n\r\n"),
    garbage("text alone", b"0.5\r\n\r\n"),
    garbage("a request", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    garbage("icecast", b"ICY 200 OK\r\n\r\n"),
    garbage("http 2", answer("Content-Length: 0", status="HTTP/2.0 200 OK"), alone="200"),
    garbage("http 1.2", answer("Content-Length: 0", status="HTTP/1.2 200 OK")),
    garbage("lower-case http", answer("Content-Length: 0", status="http/1.1 200 OK")),
    garbage("no version", answer("Content-Length: 0", status="HTTP 200 OK")),
    garbage("a status of two digits", answer(status="HTTP/1.1 20 OK")),
    garbage("a status of four digits", answer(status="HTTP/1.1 2000 OK")),
    garbage("a status below 100", answer("Content-Length: 0", status="HTTP/1.1 099 OK"), alone="99"),
    garbage("a status in words", answer("Content-Length: 0", status="HTTP/1.1 OK")),
    garbage("a negative status", answer("Content-Length: 0", status="HTTP/1.1 -20 OK")),
    garbage("a doubled blank before the status", answer("Content-Length: 0", status="HTTP/1.1  200 OK")),
    garbage("a tab before the status", answer("Content-Length: 0", status="HTTP/1.1\t200 OK")),
    garbage("no blank after the status", answer("Content-Length: 0", status="HTTP/1.1 200OK")),
    garbage("a nul in the reason phrase", answer("Content-Length: 0", status="HTTP/1.1 200 \0"), alone="200"),
    garbage("an empty line before", b"\r\n" + HELLO, alone="200 hello"),
    # header lines
    garbage("bare LF everywhere", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n"),
    garbage("bare LF between headers", b"HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n"),
    garbage("bare CR between headers", b"HTTP/1.1 200 OK\r\nX: y\rContent-Length: 0\r\n\r\n"),
    garbage("a header without a colon", answer("garbage")),
    garbage("a blank before the colon", answer("Content-Length : 5", body=b"hello")),
    garbage("a folded header", answer("X: a", " b", "Content-Length: 0")),
    garbage("a nul in a value", answer("X: \0", "Content-Length: 0")),
    garbage("two content types", answer("Content-Type: a/b", "Content-Type: c/d", "Content-Length: 5", body=b"hello"),
         alone="200 hello"),
    garbage("a hundred and one headers", answer(*(f"X-{i}: y" for i in range(100)), "Content-Length: 0"),
         alone="200"),
    garbage("a head over 32 KiB", answer("X: " + "y" * 33_000), alone="waits"),
    garbage("a head over 32 KiB that never ends", answer("X: " + "y" * 33_000)[:-4], alone="waits"),
    # lengths and codings
    garbage("a length and a coding", answer("Content-Length: 5", "Transfer-Encoding: chunked", body=CHUNKS)),
    garbage("a coding and a length", answer("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKS)),
    garbage("two lengths", answer("Content-Length: 5", "Content-Length: 6", body=b"hello!")),
    garbage("two equal lengths", answer("Content-Length: 5", "Content-Length: 5", body=b"hello")),
    garbage("a list of lengths", answer("Content-Length: 5, 5", body=b"hello")),
    garbage("a length in words", answer("Content-Length: five", body=b"hello")),
    garbage("a negative length", answer("Content-Length: -5", body=b"hello")),
    garbage("a length with a plus", answer("Content-Length: +5", body=b"hello")),
    garbage("an empty length", answer("Content-Length:", body=b"hello")),
    garbage("a length over 64 bits", answer("Content-Length: 18446744073709551621", body=b"hello")),
    garbage("gzip, chunked", answer("Transfer-Encoding: gzip, chunked", body=CHUNKS), alone="200 hello"),
    garbage("chunked, gzip", answer("Transfer-Encoding: chunked, gzip", body=CHUNKS), alone="waits"),
    garbage("chunked twice", answer("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=CHUNKS),
         alone="200 hello"),
    garbage("identity", answer("Transfer-Encoding: identity", body=b"hello"), alone="waits"),
    garbage("an empty coding", answer("Transfer-Encoding:", body=CHUNKS)),
    garbage("a coding on http 1.0", answer("Transfer-Encoding: chunked", body=CHUNKS, status="HTTP/1.0 200 OK"),
         alone="200 hello"),
    garbage("a blank after a chunk's size", CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n"),
    garbage("a bare LF after a chunk's size", CHUNKED + b"5\nhello\r\n0\r\n\r\n"),
    garbage("a chunk longer than its size", CHUNKED + b"4\r\nhello\r\n0\r\n\r\n"),
    garbage("a body that is not chunked at all", CHUNKED + b"hello\r\n\r\n"),
    garbage("a trailer without a colon", CHUNKED + b"0\r\ngarbage\r\n\r\n"),
    garbage("a second answer in a chunk's place", CHUNKED + b"5\r\nhello\r\n" + HELLO),
    # how much
    kept("a body of the limit", OK + b"Content-Length: 100000\r\n\r\n" + b"x" * LIMIT, (200, b"x" * LIMIT)),
    too_large("a length over the limit", OK + b"Content-Length: 100001\r\n\r\n", alone="waits"),
    too_large("chunks over the limit", CHUNKED + b"186A1\r\n", alone="waits"),
    too_large("until the end over the limit", OK + b"\r\n" + b"x" * (LIMIT + 1), alone="waits"),
    too_large("framing without end", CHUNKED + (b"1;" + b"a" * 4000 + b"\r\nx\r\n") * 300, alone="waits"),
]  # fmt: skip
