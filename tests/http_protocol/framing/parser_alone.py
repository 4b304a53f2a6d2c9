"""What httptools alone makes of bytes, in the words of the tables."""

from collections.abc import Callable

import httptools

from tests.http_protocol.framing import cases


class _Messages:
    """The parser's callbacks; ``words`` says what a complete message was: target and body in, a sentence out."""

    def __init__(self, words: Callable[[str, bytes], str]) -> None:
        self.complete: list[str] = []
        self.is_within = False
        self._words = words
        self._target = ""
        self._body = b""

    def on_message_begin(self) -> None:
        self.is_within = True
        self._target = ""
        self._body = b""

    def on_url(self, piece: bytes) -> None:
        self._target += piece.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        self.is_within = False
        self.complete.append(self._words(self._target, self._body))


def requests(sent: bytes) -> str:
    """The requests that the parser sees."""
    found = _Messages(lambda target, body: cases.request_in_words(parser.get_method().decode(), target, body))
    parser = httptools.HttpRequestParser(found)
    return _feed(parser, sent, found)


def answers(sent: bytes) -> str:
    """The answers that the parser sees."""
    found = _Messages(lambda _, body: f"{parser.get_status_code()}{cases.shown(body)}")
    parser = httptools.HttpResponseParser(found)
    return _feed(parser, sent, found)


def _feed(
    parser: httptools.HttpRequestParser | httptools.HttpResponseParser, sent: bytes, found: _Messages
) -> str:
    try:
        parser.feed_data(sent)
    except httptools.HttpParserUpgrade:
        end = "stops to upgrade"
    except httptools.HttpParserError:
        end = "refused"
    else:
        end = "waits" if found.is_within or not found.complete else ""
    return cases.in_words(found.complete, end)
