"""What a connection remembers of earlier messages changes no meaning: differential against a fresh connection."""

import random

import pytest

from tests.builders import connections
from tests.http_protocol import test_framing
from tests.robustness import mutation

SIGNED = (
    b"POST /endpoints/churn/invocations HTTP/1.1\r\nHost: churn\r\nAccept-Encoding: identity\r\n"
    b"Content-Type: text/csv\r\nX-Amzn-SageMaker-Target-Variant: One\r\nUser-Agent: Boto3/1.44\r\n"
    b"X-Amz-Date: 20261122T060000Z\r\nX-Amz-Security-Token: abc/def+=\r\nAuthorization: AWS4 Signature=0123\r\n"
    b"amz-sdk-request: attempt=1\r\nContent-Length: 05\r\n\r\nhello"
)
PLAIN = (
    b"POST /invocations HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\nX-Y: z\r\nContent-Length: 12\r\nAccept: */*\r\n\r\n"
    b"hello, world"
)
BARE = b"GET /ping HTTP/1.1\r\nUser-Agent: probe\r\nHost: h\r\n\r\n"
CHUNKED = (
    b"POST /p HTTP/1.1\r\nHost: h\r\nAuthorization: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: x\r\nDate: Sun, 22 Nov 2026 06:00:00 GMT\r\nContent-Length: 5\r\nX-Y: z\r\n\r\n"
    b"hello"
)
BASES = [SIGNED, PLAIN, BARE, CHUNKED]
ROUNDS = 400


def heard(client: connections.ServedClient, since: int) -> object:
    """What came of the bytes after the first ``since`` requests."""
    requests, refusal, closed, _ = test_framing.verdict(client)
    return requests[since:], client.headers[since:], refusal, closed


def check_request(base: bytes, rng: random.Random) -> None:
    fresh, warm = connections.ServedClient(), connections.ServedClient()
    earlier = [base, base, mutation.damaged(rng, base, BASES), base]
    for one in earlier[: rng.randrange(1, 5)]:
        if one and not warm.transport.has_sent_eof():
            warm.send(one)
    if warm.transport.has_sent_eof() or not warm.connection.is_idle:
        return
    before = len(warm.requests)
    sent = mutation.damaged(rng, base, BASES)
    for client in (fresh, warm):
        client.send(*mutation.pieces(random.Random(len(sent)), sent))
    assert heard(warm, before) == heard(fresh, 0), sent


def check_answer(rng: random.Random) -> None:
    """Likewise for a connection to a model."""
    fresh, warm = connections.CalledServer(), connections.CalledServer()
    for _ in range(rng.randrange(1, 4)):
        warm.call()
        warm.answer(ANSWER)
    said = mutation.damaged(rng, ANSWER, [ANSWER, BARE])
    outcomes = []
    for server in (fresh, warm):
        outcome = server.call()
        server.answer(said)
        server.connection.eof_received()
        outcomes.append((outcome.verdict, [answer.headers for answer, _ in outcome.answers]))
    assert outcomes[0] == outcomes[1], said


@pytest.mark.parametrize("base", BASES, ids=["signed", "plain", "bare", "chunked"])
def test_a_request_means_the_same_after_others_like_it(base: bytes) -> None:
    for seed in range(ROUNDS):
        check_request(base, random.Random(seed))


def test_an_answer_means_the_same_after_others_like_it() -> None:
    for seed in range(ROUNDS):
        check_answer(random.Random(seed))


def test_every_row_of_the_table_means_the_same_after_good_requests() -> None:
    for case in test_framing.CASES:
        client = connections.ServedClient()
        client.send(PLAIN, PLAIN, PLAIN)
        if case.sent.startswith(b"\r\n"):
            continue  # an empty line after a request is another one before the next
        client.send(case.sent)
        requests, refusal, closed, _ = test_framing.verdict(client)
        assert (requests[3:], refusal, closed) == (case.requests, case.status, case.closed), case.name


@pytest.mark.parametrize("piece", [b"\0", b"\n", b"\r", b"\r\n", b" ", b":", b"9", b"\x80"], ids=repr)
def test_no_byte_of_a_head_is_taken_for_granted(piece: bytes) -> None:
    """Whatever is overwritten, wherever: what the last head said does not stand in for reading this one."""
    for place in range(SIGNED.index(b"\r\n\r\n") + 4):
        sent = SIGNED[:place] + piece + SIGNED[place + len(piece) :]
        fresh, warm = connections.ServedClient(), connections.ServedClient()
        warm.send(SIGNED, SIGNED)
        for client in (fresh, warm):
            client.send(sent)
        assert heard(warm, 2) == heard(fresh, 0), sent[: place + 3]
