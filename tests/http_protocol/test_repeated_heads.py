"""A head that comes again is not read again: what must differ all the same, on both sides."""

from tests.builders import connections

GET = b"GET /g HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD_OF_POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
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
