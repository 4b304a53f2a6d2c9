"""What each of many ways to write a request means: requests in order, then perhaps one refusal."""

from dataclasses import dataclass

import httptools
import pytest

from tests.builders import connections


@dataclass(frozen=True)
class Case:
    """``requests`` are what a handler may see, ``refusal`` the status of the last answer, if one is refused."""

    name: str
    sent: bytes
    requests: tuple[tuple[str, str, bytes], ...] = ()
    refusal: int | None = None
    waits: bool = False


def post(
    *lines: str, body: bytes = b"", target: str = "/p", version: str = "HTTP/1.1", host: str = "Host: h"
) -> bytes:
    """A POST with these header lines, all sent as written."""
    head = "\r\n".join((f"POST {target} {version}", *([host] if host else []), *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body


GET = b"GET /g HTTP/1.1\r\nHost: h\r\n\r\n"
GOT = ("GET", "/g", b"")
CL5 = "Content-Length: 5"
TE = "Transfer-Encoding: chunked"
BODY = b"5\r\nhello\r\n0\r\n\r\n"
POSTED = ("POST", "/p", b"hello")
TEN_POSTED = ("POST", "/p", b"0123456789")
SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"


def accepted(name: str, sent: bytes, *requests: tuple[str, str, bytes]) -> Case:
    return Case(name, sent, requests)


def refused(name: str, sent: bytes, status: int = 400, *before: tuple[str, str, bytes]) -> Case:
    return Case(name, sent, before, status)


def waiting(name: str, sent: bytes) -> Case:
    return Case(name, sent, waits=True)


CASES = [
    # plain
    accepted("get", GET, GOT),
    accepted("post with length", post(CL5, body=b"hello"), POSTED),
    accepted("post without body", post(), ("POST", "/p", b"")),
    accepted("post with length 0", post("Content-Length: 0"), ("POST", "/p", b"")),
    accepted("length with leading zeros", post("Content-Length: 005", body=b"hello"), POSTED),
    accepted("chunked", post(TE, body=BODY), POSTED),
    accepted("chunked in any case", post("transfer-encoding: CHUNKED", body=BODY), POSTED),
    accepted("several chunks", post(TE, body=b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), POSTED),
    accepted("chunk extension", post(TE, body=b"5;a=b\r\nhello\r\n0\r\n\r\n"), POSTED),
    accepted("chunk size in upper-case hex", post(TE, body=b"A\r\n0123456789\r\n0\r\n\r\n"), TEN_POSTED),
    accepted("trailers are dropped", post(TE, body=b"5\r\nhello\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n"), POSTED),
    accepted("query", b"GET /g?a=b&c HTTP/1.1\r\nHost: h\r\n\r\n", ("GET", "/g?a=b&c", b"")),
    accepted("http 1.0 without host", b"GET /g HTTP/1.0\r\n\r\n", GOT),
    accepted("one empty line before", b"\r\n" + GET, GOT),
    accepted("blanks around values", b"GET /g HTTP/1.1\r\nHost: \t h \t\r\n\r\n", GOT),
    accepted("obs-text in a value", b"GET /g HTTP/1.1\r\nHost: h\r\nX: \xe9\r\n\r\n", GOT),
    accepted("expectation with the body", post("Expect: 100-continue", CL5, body=b"hello"), POSTED),
    # pipelines
    accepted("pipelined gets", GET * 3, GOT, GOT, GOT),
    accepted("pipelined after a body", post(CL5, body=b"hello") + GET, POSTED, GOT),
    accepted("pipelined after chunks", post(TE, body=BODY) + GET, POSTED, GOT),
    accepted("empty line between", post(CL5, body=b"hello") + b"\r\n" + GET, POSTED, GOT),
    accepted("nothing after close", post("Connection: close", CL5, body=b"hello") + GET, POSTED),
    accepted("nothing after close among options", post("Connection: x, Close", CL5, body=b"hello") + GET, POSTED),
    accepted("nothing after http 1.0", b"GET /g HTTP/1.0\r\n\r\n" + GET, GOT),
    accepted("http 1.0 kept alive", b"GET /g HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET, GOT, GOT),
    # upgrade is no reason to read a body as a request
    accepted("upgrade ignored", post("Connection: Upgrade", "Upgrade: h2c", CL5, body=b"hello") + GET, POSTED, GOT),
    accepted("upgrade with chunks", post("Connection: upgrade", "Upgrade: x", TE, body=BODY) + GET, POSTED, GOT),
    accepted("upgrade without connection", post("Upgrade: websocket", CL5, body=b"hello"), POSTED),
    accepted(
        "upgrade with a request as body",
        post("Connection: Upgrade", "Upgrade: h2c", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED),
        ("POST", "/p", SMUGGLED),
    ),
    refused("h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    refused("connect", b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
    # length against coding
    refused("length and coding", post(CL5, TE, body=BODY)),
    refused("coding and length", post(TE, CL5, body=BODY)),
    refused("coding and length 0", post("Content-Length: 0", TE, body=BODY)),
    refused("two lengths", post(CL5, "Content-Length: 6", body=b"hello!")),
    refused("two equal lengths", post(CL5, CL5, body=b"hello")),
    refused("length list", post("Content-Length: 5, 5", body=b"hello")),
    refused("length with plus", post("Content-Length: +5", body=b"hello")),
    refused("negative length", post("Content-Length: -5", body=b"hello")),
    refused("hex length", post("Content-Length: 0x5", body=b"hello")),
    refused("length with blank inside", post("Content-Length: 5 5", body=b"hello")),
    refused("empty length", post("Content-Length:", body=b"hello")),
    refused("length in other digits", post("Content-Length: \xb2", body=b"hello")),
    refused("length over 64 bits", post("Content-Length: 18446744073709551621", body=b"hello")),
    refused("length over the limit", post("Content-Length: 6291457"), 413),
    waiting("length not yet there", post(CL5, body=b"hell")),
    # codings
    refused("gzip, chunked", post("Transfer-Encoding: gzip, chunked", body=BODY)),
    refused("chunked, gzip", post("Transfer-Encoding: chunked, gzip", body=BODY)),
    refused("chunked twice", post(TE, TE, body=BODY)),
    refused("chunked, chunked", post("Transfer-Encoding: chunked, chunked", body=BODY)),
    refused("identity", post("Transfer-Encoding: identity", CL5, body=b"hello")),
    refused("identity alone", post("Transfer-Encoding: identity", body=b"")),
    refused("xchunked", post("Transfer-Encoding: xchunked", body=BODY)),
    refused("chunked with a quote", post('Transfer-Encoding: "chunked"', body=BODY)),
    refused("vertical tab before chunked", post("Transfer-Encoding: \x0bchunked", body=BODY)),
    refused("empty coding", post("Transfer-Encoding:", body=BODY)),
    refused("coding on http 1.0", post(TE, version="HTTP/1.0", body=BODY)),
    refused("blank before the colon", post("Transfer-Encoding : chunked", body=BODY)),
    refused("tab before the colon", post("Transfer-Encoding\t: chunked", body=BODY)),
    refused("nul in the name", post("Transfer-Encoding\0: chunked", body=BODY)),
    accepted("underscore name is another name", post("Transfer_Encoding: chunked", CL5, body=b"hello"), POSTED),
    accepted("connection names the length", post("Connection: content-length", CL5, body=b"hello") + GET, POSTED, GOT),
    accepted("connection names the coding", post("Connection: transfer-encoding", TE, body=BODY), POSTED),
    # chunks
    refused("bare LF after the size", post(TE, body=b"5\nhello\r\n0\r\n\r\n")),
    refused("bare CR in the size line", post(TE, body=b"5\rhello\r\n0\r\n\r\n")),
    refused("blank before the size", post(TE, body=b" 5\r\nhello\r\n0\r\n\r\n")),
    refused("blank after the size", post(TE, body=b"5 \r\nhello\r\n0\r\n\r\n")),
    refused("0x size", post(TE, body=b"0x5\r\nhello\r\n0\r\n\r\n")),
    refused("negative size", post(TE, body=b"-5\r\nhello\r\n0\r\n\r\n")),
    refused("underscore in the size", post(TE, body=b"0_5\r\nhello\r\n0\r\n\r\n")),
    refused("empty size", post(TE, body=b"\r\nhello\r\n0\r\n\r\n")),
    refused("endless size", post(TE, body=b"0" * 20 + b"5\r\nhello\r\n0\r\n\r\n")),
    refused("size that wraps 64 bits", post(TE, body=b"10000000000000005\r\nhello\r\n0\r\n\r\n")),
    refused("chunk longer than its size", post(TE, body=b"4\r\nhello\r\n0\r\n\r\n")),
    refused("chunk ended by bare LF", post(TE, body=b"5\r\nhello\n0\r\n\r\n")),
    refused("line break in an extension", post(TE, body=b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    refused("nul in an extension", post(TE, body=b"5;\0\r\nhello\r\n0\r\n\r\n")),
    refused("trailer without a colon", post(TE, body=b"5\r\nhello\r\n0\r\nGET /admin HTTP/1.1\r\n\r\n")),
    refused("trailer with a blank before the colon", post(TE, body=b"0\r\nX : 1\r\n\r\n")),
    refused("folded trailer", post(TE, body=b"0\r\nX: 1\r\n 2\r\n\r\n")),
    refused("chunk over the limit", post(TE, body=b"600001\r\n"), 413),
    waiting("last chunk without its empty line", post(TE, body=b"5\r\nhello\r\n0\r\n")),
    # request line
    refused("http 2.0", b"GET /g HTTP/2.0\r\nHost: h\r\n\r\n"),
    refused("http 0.9", b"GET /g HTTP/0.9\r\nHost: h\r\n\r\n"),
    refused("http 1.2", b"GET /g HTTP/1.2\r\nHost: h\r\n\r\n"),
    refused("http 1.10", b"GET /g HTTP/1.10\r\nHost: h\r\n\r\n"),
    refused("lower-case http", b"GET /g http/1.1\r\nHost: h\r\n\r\n"),
    refused("no version", b"GET /g\r\nHost: h\r\n\r\n"),
    refused("another protocol", b"GET /g RTSP/1.0\r\nHost: h\r\n\r\n"),
    refused("doubled blank", b"GET  /g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("doubled blank before the version", b"GET /g  HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("blank after the version", b"GET /g HTTP/1.1 \r\nHost: h\r\n\r\n"),
    refused("tab for a blank", b"GET\t/g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("blank before the method", b" GET /g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("lower-case method", b"get /g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("unknown method", b"FROB /g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("absolute form", b"GET http://evil/g HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("asterisk form", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("fragment", b"GET /g#x HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("fragment alone", b"GET #x HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("empty target", b"GET  HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("nul in the target", b"GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"),
    refused("obs-text in the target", b"GET /\xe9 HTTP/1.1\r\nHost: h\r\n\r\n"),
    accepted("doubled slash is a path", b"GET //evil/x HTTP/1.1\r\nHost: h\r\n\r\n", ("GET", "//evil/x", b"")),
    refused("request line over 8 KiB", b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 431),
    refused("two empty lines before", b"\r\n\r\n" + GET),
    refused("bare LF before", b"\n" + GET),
    refused("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    # header lines
    refused("no host", b"GET /g HTTP/1.1\r\n\r\n"),
    refused("two hosts", b"GET /g HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"),
    refused("bare LF between headers", b"GET /g HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"),
    refused("bare CR between headers", b"GET /g HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"),
    refused("LF in place of CRLF everywhere", b"GET /g HTTP/1.1\nHost: h\n\n\r\n\r\n"),
    refused("folded header", b"GET /g HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"),
    refused("blank line start", b"GET /g HTTP/1.1\r\n Host: h\r\n\r\n"),
    refused("nul in a value", b"GET /g HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"),
    refused("no colon", b"GET /g HTTP/1.1\r\nHost: h\r\nX\r\n\r\n"),
    refused("empty name", b"GET /g HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"),
    refused("blank in a name", b"GET /g HTTP/1.1\r\nHost: h\r\nX Y: z\r\n\r\n"),
    refused("obs-text in a name", b"GET /g HTTP/1.1\r\nHost: h\r\nX\xe9: z\r\n\r\n"),
    refused("two content types", post("Content-Type: text/csv", "Content-Type: text/html", CL5, body=b"hello")),
    refused("too many headers", post(*(f"X-{i}: y" for i in range(100)))  , 431),
    refused("head over 32 KiB", post("X: " + "a" * 33000), 431),
    refused("head over 32 KiB that never ends", post("X: " + "a" * 33000)[:-4], 431),
    refused("unknown expectation", post("Expect: coffee", CL5, body=b"hello"), 417),
    refused("garbage after a good request", GET + b"garbage\r\n\r\n", 400, GOT),
]  # fmt: skip


def verdict(client: connections.ServedClient) -> tuple[tuple[tuple[str, str, bytes], ...], int | None, bool]:
    """Requests seen, status of a refusal, and whether the connection still waits for more."""
    answers = [status for status in client.statuses if status != 100]
    last = answers[-1] if answers and answers[-1] != 200 else None
    return tuple(client.requests), last, len(answers) == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_spelling_has_one_meaning(case: Case) -> None:
    client = connections.ServedClient()
    client.send(case.sent)
    assert verdict(client) == (case.requests, case.refusal, case.waits)
    assert (case.refusal is None) or client.transport.has_sent_eof(), "nothing after a refusal is read"


@pytest.mark.parametrize("case", [c for c in CASES if len(c.sent) < 3000], ids=lambda case: case.name)
def test_the_meaning_does_not_depend_on_how_the_bytes_arrive(case: Case) -> None:
    client = connections.ServedClient()
    client.send_byte_by_byte(case.sent)
    assert verdict(client) == (case.requests, case.refusal, case.waits)


@pytest.mark.parametrize("case", [c for c in CASES if len(c.sent) < 200], ids=lambda case: case.name)
def test_every_split_in_two_means_the_same(case: Case) -> None:
    for cut in range(1, len(case.sent)):
        client = connections.ServedClient()
        client.send(case.sent[:cut], case.sent[cut:])
        assert verdict(client) == (case.requests, case.refusal, case.waits), f"cut after {cut} bytes"


LENIENT = {
    "http 2.0", "http 0.9", "no version", "another protocol", "no host", "two hosts", "absolute form",
    "asterisk form", "fragment", "doubled blank", "two empty lines before", "coding on http 1.0", "gzip, chunked",
    "doubled blank before the version",
}  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.name in LENIENT], ids=lambda case: case.name)
def test_the_parser_alone_lets_through_what_we_refuse(case: Case) -> None:
    """Why our own checks are there; when this fails, the pinned parser changed and they want a new look."""
    parser = httptools.HttpRequestParser(object())
    parser.feed_data(case.sent)
