"""Bytes that nobody thought of: however they are cut, they mean the same, and no refusal is followed by anything."""

import itertools

import hypothesis
from hypothesis import strategies as st

from tests.builders import connections
from tests.http_protocol import test_framing
from tests.http_protocol.framing import answers

_WHOLE_REQUESTS = [case.sent for case in test_framing.CASES if case.requests and len(case.sent) < 500]
_WHOLE_ANSWERS = [case.sent for case in answers.CASES if len(case.sent) < 500]
_FRAGMENTS = [
    *(
        b"GET /g HTTP/1.1\r\n",
        b"POST /p HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"Host: h\r\n",
        b"\r\n",
        b"\n",
        b"\r",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
    ),
    *(
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"X: y\r\n",
        b" z\r\n",
        b"hello",
        b"5\r\n",
    ),
    *(b"5;a=b\r\n", b"0\r\n", b"0\r\n\r\n", b" ", b"\0", b":", b"\xff", b"HTTP/1.1 100 Continue\r\n\r\n"),
]
_CUTS = st.lists(st.integers(0, 2000), max_size=6)


def streams(whole: list[bytes]) -> st.SearchStrategy[bytes]:
    """Whole messages and fragments in any order."""
    return st.lists(st.one_of(st.sampled_from(whole), st.sampled_from(_FRAGMENTS)), max_size=8).map(b"".join)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({place % (len(data) + 1) for place in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(streams(_WHOLE_REQUESTS), _CUTS)
def test_requests_mean_the_same_however_they_arrive(sent: bytes, cuts: list[int]) -> None:
    whole, in_pieces = connections.ServedClient(), connections.ServedClient()
    if sent:
        whole.send(sent)
    in_pieces.send(*cut(sent, cuts))
    assert test_framing.verdict(in_pieces) == test_framing.verdict(whole)
    assert [status for status in whole.statuses if status not in (100, 200)] == [
        status for status in whole.statuses[-1:] if status not in (100, 200)
    ], "a refusal is the last answer"


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(streams(_WHOLE_ANSWERS), _CUTS)
def test_answers_mean_the_same_however_they_arrive(sent: bytes, cuts: list[int]) -> None:
    verdicts = []
    for pieces in ([sent] if sent else [], cut(sent, cuts)):
        server = connections.CalledServer(limit=answers.LIMIT)
        outcome = server.call()
        server.answer(*pieces)
        server.connection.eof_received()
        server.connection.connection_lost(None)
        verdicts.append(outcome.verdict)
    assert verdicts[0] == verdicts[1]
    assert verdicts[0] is not None, "every call ends"
