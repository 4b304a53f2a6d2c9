"""What stands in for the services that give a pod credentials for its identity; each answers as its cloud says it does.

They are played because the real ones are the clouds' own: the requests come from the real client library.
"""

import contextlib
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib import parse

EXPIRATION = "2099-01-01T00:00:00Z"


@dataclass(frozen=True)
class Request:
    """What came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class Service:
    """Gives ``answer`` to everybody."""

    answer: tuple[int, str]
    url: str = ""
    requests: list[Request] = field(default_factory=list)


@contextlib.contextmanager
def a_service(answer: tuple[int, str], *, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    service = Service(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            path = parse.urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.requests.append(Request(path.path, dict(parse.parse_qsl(path.query)), headers, body))
            status, text = service.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        service.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def assumed_role(access_key: str, secret_key: str, session_token: str) -> tuple[int, str]:
    """AWS STS's answer to AssumeRoleWithWebIdentity."""
    credentials = (
        f"<AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>"
        f"<SessionToken>{session_token}</SessionToken><Expiration>{EXPIRATION}</Expiration>"
    )
    result = (
        f"<AssumeRoleWithWebIdentityResult><Credentials>{credentials}</Credentials>"
        "</AssumeRoleWithWebIdentityResult>"
    )
    return 200, f"<AssumeRoleWithWebIdentityResponse>{result}</AssumeRoleWithWebIdentityResponse>"


def refused_role(code: str, message: str) -> tuple[int, str]:
    """AWS STS's answer when the role may not be assumed."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return 403, f"<ErrorResponse>{error}</ErrorResponse>"


def container_credentials(access_key: str, secret_key: str, session_token: str) -> tuple[int, str]:
    """The answer of EKS's pod identity agent."""
    return 200, json.dumps(
        {
            "AccessKeyId": access_key,
            "SecretAccessKey": secret_key,
            "Token": session_token,
            "Expiration": EXPIRATION,
        }
    )


def entra_token(token: str) -> tuple[int, str]:
    """The answer of Microsoft Entra ID to a client credentials grant."""
    return 200, json.dumps({"token_type": "Bearer", "expires_in": 3599, "access_token": token})


def refused_by_entra(error: str, description: str) -> tuple[int, str]:
    """Its answer when the application does not trust the pod's token."""
    return 401, json.dumps({"error": error, "error_description": description})
