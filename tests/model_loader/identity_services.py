"""What stands in for the services that give a pod credentials for its identity; each answers as its cloud says it does.

They are played because the real ones are the clouds' own: the requests come from the real client library.
"""

import contextlib
import http.server
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib import parse

from tests.model_loader import certificates, loopback, program

ROLE = "arn:aws:iam::123456789012:role/loader"
TOKEN = "header.claims.signature"
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

    with loopback.serving(Handler, tls=tls) as url:
        service.url = url
        yield service


@contextlib.contextmanager
def a_trusted_service(answer: tuple[int, str], loader: program.Loader) -> Iterator[Service]:
    """One by TLS, as the clouds' are, that the loader trusts."""
    authority = certificates.an_authority()
    loader.environment["CA_CERTIFICATES"] = authority.pem
    with a_service(answer, tls=authority.server_context(loader.directory)) as service:
        yield service


def with_token(loader: program.Loader) -> str:
    """The file with the token of the pod's ServiceAccount, as the cloud's webhook mounts it."""
    file = loader.directory / "token"
    file.write_text(TOKEN)
    return str(file)


def may_assume_role(loader: program.Loader, sts: Service) -> None:
    """Give the loader what EKS gives a pod whose ServiceAccount has a role."""
    loader.environment.update(
        AWS_REGION="us-east-1",
        AWS_ROLE_ARN=ROLE,
        AWS_WEB_IDENTITY_TOKEN_FILE=with_token(loader),
        AWS_ENDPOINT_URL_STS=sts.url,
    )


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
