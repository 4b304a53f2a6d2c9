import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from http_protocol import heads

NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@given(fields=st.dictionaries(NAMES.map(lambda name: f"X-{name}".lower()), VALUES, max_size=20))
def test_what_is_rendered_is_parsed_again(fields: dict[str, str]) -> None:
    head = b"POST /p?q HTTP/1.1\r\nHost: h\r\n" + heads.render(fields.items()) + b"\r\n"
    request = heads.parse_request(head)
    assert request.headers.pop(b"host") == b"h"
    assert request.headers == {name.encode(): value.strip().encode() for name, value in fields.items()}
    assert (request.method, request.target, request.path) == ("POST", "/p?q", "/p")


@given(noise=st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_refusal(noise: bytes) -> None:
    for head in (noise + heads.END, b"GET / HTTP/1.1\r\nHost: h\r\n" + noise + heads.END):
        try:
            heads.parse_request(head)
        except heads.RefusedError as exc:
            assert exc.status in (400, 431)  # noqa: PT017 - either is an orderly end


@given(noise=st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_refusal(noise: bytes) -> None:
    for head in (noise + heads.END, b"HTTP/1.1 200 OK\r\n" + noise + heads.END):
        try:
            heads.parse_answer(head)
        except heads.RefusedError as exc:
            assert exc.status in (400, 502)  # noqa: PT017 - either is an orderly end


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("", "a"),
        ("X:", "a"),
        ("X", "a\0b"),
        ("X", "→"),
    ],
)
def test_nothing_can_be_slipped_into_a_header(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not an HTTP header"):
        heads.render([(name, value)])


def test_repeated_headers_are_joined_whatever_the_case_of_their_names() -> None:
    request = heads.parse_request(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    assert request.headers[b"x-a"] == b"1, 2"


def test_the_largest_head_is_parsed_in_linear_time() -> None:
    head = b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 32_000 + b"\r\n\r\n"
    before = time.thread_time()
    for _ in range(100):
        heads.parse_request(head)
    assert time.thread_time() - before < 0.5, "a fifth of a millisecond would be usual"


def test_answers_with_the_same_head_share_what_was_read_but_not_with_those_to_a_head_request() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    one, without_body = heads.parse_answer(head), heads.parse_answer(head, to_head_request=True)
    assert heads.parse_answer(head) is one
    assert (one.content_length, one.keep_alive) == (3, True)
    assert without_body.content_length == 0


def test_what_was_read_before_is_read_alike_however_much_came_between() -> None:
    def read(number: int) -> tuple[str, str, int]:
        head = b"POST /%d HTTP/1.1\r\nHost: h%d\r\nContent-Length: %d\r\n\r\n" % (number, number, number)
        request = heads.parse_request(head)
        return request.method, request.target, request.content_length

    for number in (*range(600), *range(600)):
        assert read(number) == ("POST", f"/{number}", number)
    for line in (b"Host: a b", b"Host: h\r\nContent-Length: 1x"):
        for _ in range(2):
            with pytest.raises(heads.RefusedError):
                heads.parse_request(b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize("spelling", [b"authorization", b"Authorization", b"X-Amz-Security-Token", b"cookie"])
def test_credentials_are_not_kept_but_counted(spelling: bytes) -> None:
    line = spelling + b": secret\r\n"
    assert heads.parse_request(b"GET / HTTP/1.1\r\nHost: h\r\n" + line + b"\r\n").headers == {b"host": b"h"}
    with pytest.raises(heads.RefusedError, match="more than 100 headers"):
        heads.parse_request(b"GET / HTTP/1.1\r\nHost: h\r\n" + line * 100 + b"\r\n")


@pytest.mark.parametrize("name", [b"Content-Type", b"content-type", b"CONTENT-TYPE", b"cOnTeNt-TyPe"])
def test_names_mean_the_same_in_every_case(name: bytes) -> None:
    request = heads.parse_request(b"GET / HTTP/1.1\r\nHost: h\r\n" + name + b": \t text/csv \t\r\n\r\n")
    assert request.headers[b"content-type"] == b"text/csv"
