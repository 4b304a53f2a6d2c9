"""How to speak to the Kubernetes API: address, certificate authority, token, connections, refusals."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
"""How long a list, or the head of a watch, may take."""

_RETRY_WITHOUT_LIST = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})

# Finds a peer that vanished without a word within half a minute. Not every system has every option.
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}


class ApiError(Exception):
    """The API can't be reached, refuses, or answers nonsense. What is known stays good; try again later."""


class ExpiredError(ApiError):
    """What is known can't be brought up to date from where it stands: list anew."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """``url`` without a final slash. The two files are read again as they rotate; either may be absent."""

    url: str
    namespace: str
    token_file: Path
    ca_file: Path

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        """Fresh connections, with the certificate authorities as they are now. Raises ApiError."""
        with _errors_of(self.url):
            connector = aiohttp.TCPConnector(ssl=self._trust(), socket_factory=_kept_alive_socket)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as client:
            yield Session(self, client)

    def authorization(self) -> dict[str, str]:
        """The header for one request: kubelet replaces the token long before it expires."""
        try:
            return {"Authorization": f"Bearer {self.token_file.read_text('ascii').strip()}"}
        except FileNotFoundError:
            return {}

    def _trust(self) -> ssl.SSLContext | bool:
        if self.url.startswith("https:") and self.ca_file.exists():
            return ssl.create_default_context(cafile=str(self.ca_file))
        return True


@dataclass(frozen=True, slots=True)
class Session:
    """Reads from the API for as long as its connections last."""

    server: ApiServer
    client: aiohttp.ClientSession

    async def list(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """A whole list document. Raises ApiError."""
        with _errors_of(self.server.url):
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS)
            async with self._get(path, query, timeout) as response:
                await _refuse_failure(response)
                document = json.loads(await response.read())
                if not isinstance(document, dict):
                    raise ExpiredError(f"{self.server.url} answered no JSON object")
                return document

    @contextlib.asynccontextmanager
    async def watch(
        self, path: str, query: Mapping[str, str], *, silence: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """An accepted watch: its chunks, until the server ends it.

        Raises ApiError, and so do the chunks, also after ``silence`` seconds without one.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        async with contextlib.AsyncExitStack() as stack:
            with _errors_of(self.server.url):
                async with asyncio.timeout(ANSWER_SECONDS):
                    response = await stack.enter_async_context(self._get(path, query, timeout))
                await _refuse_failure(response)
            yield self._chunks(response)

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        with _errors_of(self.server.url):
            async for chunk in response.content.iter_any():
                yield chunk

    def _get(
        self, path: str, query: Mapping[str, str], timeout: aiohttp.ClientTimeout
    ) -> "aiohttp.client._RequestContextManager":
        return self.client.get(
            self.server.url + path,
            params=query,
            headers={"Accept": "application/json", **self.server.authorization()},
            timeout=timeout,
            allow_redirects=False,
        )


async def _refuse_failure(response: aiohttp.ClientResponse) -> None:
    if response.status == HTTPStatus.OK:
        return
    text = " ".join((await response.content.read(500)).decode("utf-8", "replace").split())
    message = f"{response.url.origin()} answered {response.status}: {text}"
    if response.status in _RETRY_WITHOUT_LIST or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ApiError(message)
    raise ExpiredError(message)


@contextlib.contextmanager
def _errors_of(url: str) -> Iterator[None]:
    """Other people's exceptions end here."""
    try:
        yield
    except TimeoutError as exc:
        raise ApiError(f"{url} does not answer") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise ApiError(f"can't reach {url}: {str(exc) or type(exc).__name__}") from exc
    except ValueError as exc:
        raise ExpiredError(f"{url} answered nonsense: {exc}") from exc


def _kept_alive_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
