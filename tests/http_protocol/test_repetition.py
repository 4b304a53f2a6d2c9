"""A head that comes again is not read again: what must differ all the same, on both sides."""

import hypothesis
from hypothesis import strategies

from http_protocol import heads, repetition
from tests.builders import connections
from tests.builders.connections import GET, HEAD_OF_POST

HEAD_OF_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


def test_requests_that_repeat_a_head_keep_their_own_bodies() -> None:
    client = connections.ServedClient()
    client.send(HEAD_OF_POST + b"first")
    client.send(HEAD_OF_POST + b"other")
    client.send(HEAD_OF_POST, b"third")
    client.send(GET, HEAD_OF_POST + b"forth" + HEAD_OF_POST + b"fifth")
    bodies = [body for _, _, body in client.requests]
    assert bodies == [b"first", b"other", b"third", b"", b"forth", b"fifth"]


def test_a_head_that_only_begins_like_the_last_one_is_read_anew() -> None:
    client = connections.ServedClient()
    client.send(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
    client.send(b"GET /ab HTTP/1.1\r\nHost: h\r\n\r\n")
    client.send(b"GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
    client.send(b"GET /a HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n")
    assert client.requests == [("GET", "/a", b""), ("GET", "/ab", b""), ("GET", "/a", b"hi")]
    assert client.statuses == [200, 200, 200, 417]


def test_answers_that_repeat_a_head_keep_their_own_bodies() -> None:
    server = connections.CalledServer()
    for pieces in ((b"first",), (b"other",), (b"thi", b"rd")):
        outcome = server.call()
        server.answer(HEAD_OF_ANSWER + pieces[0], *pieces[1:])
        assert outcome.verdict == (200, b"".join(pieces))
    assert server.is_reusable


def test_an_answer_to_head_is_not_read_like_the_one_before() -> None:
    server = connections.CalledServer()
    first = server.call()
    server.answer(HEAD_OF_ANSWER + b"hello")
    second = server.call(head=b"HEAD /v2 HTTP/1.1\r\nHost: m\r\n\r\n")
    server.answer(HEAD_OF_ANSWER)
    third = server.call()
    server.answer(HEAD_OF_ANSWER + b"there")
    assert [outcome.verdict for outcome in (first, second, third)] == [
        (200, b"hello"),
        (200, b""),
        (200, b"there"),
    ]


def test_an_answer_in_two_pieces_that_begins_with_a_known_head_waits_for_the_rest() -> None:
    server = connections.CalledServer()
    server.call()
    server.answer(HEAD_OF_ANSWER + b"hello")
    outcome = server.call()
    server.answer(HEAD_OF_ANSWER)
    assert outcome.verdict is None
    server.answer(b"again")
    assert outcome.verdict == (200, b"again")


# Pieces of heads like those that SDKs sign, and what must not pass as one of them.
NAMES = strategies.sampled_from(
    [
        b"Authorization",
        b"authorization",
        b"X-Amz-Date",
        b"Host",
        b"Content-Type",
        b"Content-Length",
        b"X-A",
        b"Cookie ",
    ]
)
VALUES = strategies.one_of(
    strategies.sampled_from(
        [b"a", b"b", b"5", b"7", b"\r", b"\n", b"\0", b"\x7f", b"\t", b"\xe9", b"", b"12"]
    ),
    strategies.sampled_from([b"x\r\nHost: evil", b"x\r\nHost: h   ", b"x\r\n\r\n"]),
    strategies.binary(min_size=1, max_size=1),
)


def head_of(lines: list[tuple[bytes, bytes]]) -> bytes:
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
    return b"POST / HTTP/1.1\r\nHost: h\r\n" + fields + b"\r\n"


# The same names with two or three values each: heads that differ as those of one client do.
HEADS = strategies.lists(strategies.tuples(NAMES, VALUES, VALUES, VALUES), min_size=1, max_size=3).map(
    lambda lines: [head_of([(line[0], line[place]) for line in lines]) for place in (1, 2, 3)]
)


def read(head: bytes) -> tuple[object, ...] | None:
    """What a head says, None when it is refused or no single head."""
    if head.find(heads.END) != len(head) - 4:
        return None
    try:
        return facts(heads.parse_request(head))
    except heads.RefusedError:
        return None


def facts(request: heads.Request) -> tuple[object, ...]:
    return request.target, request.headers, request.content_length, request.keep_alive, request.chunked


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(HEADS, strategies.binary(max_size=3))
def test_a_head_that_is_known_says_what_reading_it_would_say(sent: list[bytes], body: bytes) -> None:
    last = repetition.LastRequest()
    for head in sent:
        known = last.find(head + body)
        if known is not None:
            end = last.end
            assert facts(known) == read((head + body)[:end])
        if (told := read(head)) is not None:
            request = heads.parse_request(head)
            assert facts(request) == told
            last.keep(head, request)


def signed(signature: bytes, length: int = 5, token: bytes = b"") -> bytes:
    return (
        b"POST /p HTTP/1.1\r\nHost: h\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4 Signature=%s\r\n"
        b"amz-sdk-invocation-id: 1\r\n%sContent-Length: %d\r\n\r\n"
    ) % (signature, token, length)


def test_signatures_and_lengths_may_change_without_reading_again() -> None:
    last = repetition.LastRequest()
    request = heads.parse_request(signed(b"a1b2"))
    last.keep(signed(b"a1b2"), request)
    assert last.find(signed(b"c3d4") + b"hello") is request
    other = last.find(signed(b"e5f6", 7))
    assert other is not None
    assert (other.content_length, other.headers) == (7, request.headers)
    assert last.end == len(signed(b"e5f6", 7))


def test_what_no_value_may_contain_is_left_to_reading() -> None:
    last = repetition.LastRequest()
    last.keep(signed(b"a1b2"), heads.parse_request(signed(b"a1b2")))
    for character in (b"\r", b"\n", b"\0", b"\x01", b"\x7f"):
        assert last.find(signed(b"a1" + character + b"2")) is None
    assert last.find(signed(b"a1b2").replace(b"Length: 5", b"Length: x")) is None
    assert last.find(signed(b"a1b2").replace(b"Host: h", b"Host: i")) is None
    assert last.find(signed(b"a1b2")[:-2]) is None
    assert last.find(signed(b"\xe9\t 2")) is not None


def test_a_connection_whose_heads_differ_in_earnest_is_left_alone_after_a_while() -> None:
    last = repetition.LastRequest()
    for number in range(100):
        head = b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number
        assert last.find(head) is None
        last.keep(head, heads.parse_request(head))
    assert last.find(head) is not None
    assert last.find(head.replace(b"Host", b"host")) is None


def test_a_head_of_many_kilobytes_is_not_kept() -> None:
    last = repetition.LastRequest()
    head = signed(b"a1b2", token=b"X-Amz-Security-Token: " + b"t" * 4000 + b"\r\n")
    last.keep(head, heads.parse_request(head))
    assert last.find(head) is None
