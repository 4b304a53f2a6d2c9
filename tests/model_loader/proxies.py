"""A proxy in front of a real store that misbehaves when told to: it cuts, stalls, refuses, or acts in between."""

import contextlib
import http.client
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib import parse

from tests.model_loader import loopback

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding"})


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    ``answer`` is given instead of the store's. Of the store's answer, ``cut_after`` bytes of the body are passed on and
    then the connection ends, or with ``stalls`` nothing more comes. ``afterwards`` is called when that was done.
    """

    answer: tuple[int, bytes] | None = None
    cut_after: int | None = None
    stalls: bool = False
    afterwards: Callable[[], object] | None = None


FAITHFUL = Fault()


@dataclass
class Proxy:
    """``faults`` are used up one a request, the last one stays; ``requests`` are what came: path, headers."""

    url: str = ""
    faults: list[Fault] = field(default_factory=lambda: [FAITHFUL])
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self) -> Fault:
        with self.lock:
            return self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]


@contextlib.contextmanager
def a_proxy(upstream: str, *, tls: ssl.SSLContext | None = None, keeps_host: bool = True) -> Iterator[Proxy]:
    """In front of ``upstream`` (``http://host:port``), as reverse proxy and as forward proxy alike.

    The client's Host is part of what it signed for S3; Google's emulator knows itself by its own only.
    """
    proxy = Proxy()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            proxy.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            _serve(self, proxy, parse.urlsplit(upstream).netloc, keeps_host)

        def log_message(self, *_: Any) -> None:
            pass

    with loopback.serving(Handler, tls=tls, kind=_Server) as url:
        proxy.url = url
        try:
            yield proxy
        finally:
            proxy.released.set()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that refuses our certificate, or leaves, is what tests are about."""


def _serve(
    handler: http.server.BaseHTTPRequestHandler, proxy: Proxy, upstream: str, keeps_host: bool
) -> None:
    fault = proxy.next_fault()
    if fault.answer:
        status, body = fault.answer
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
    else:
        _forward(handler, proxy, upstream, fault, keeps_host)
    if fault.afterwards:
        fault.afterwards()


def _forward(
    handler: http.server.BaseHTTPRequestHandler, proxy: Proxy, upstream: str, fault: Fault, keeps_host: bool
) -> None:
    parts = parse.urlsplit(handler.path)
    target = parse.urlunsplit(("", "", parts.path, parts.query, "")) if parts.scheme else handler.path
    connection = http.client.HTTPConnection(upstream, timeout=30)
    with contextlib.closing(connection):
        dropped = _HOP_BY_HOP if keeps_host else _HOP_BY_HOP | {"host"}
        headers = {k: v for k, v in handler.headers.items() if k.lower() not in dropped}
        connection.request(handler.command, target, headers=headers)
        answer = connection.getresponse()
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                handler.send_header(name, value)
        handler.end_headers()
        left = fault.cut_after if fault.cut_after is not None and answer.status < 300 else None
        while chunk := answer.read(1 << 16 if left is None else min(left, 1 << 16)):
            handler.wfile.write(chunk)
            left = None if left is None else left - len(chunk)
    if left is not None:
        handler.wfile.flush()
        handler.close_connection = True
        if fault.stalls:
            proxy.released.wait()
