"""Real servers on loopback that tests fetch from: a web server with bad habits, and SeaweedFS as S3 store."""

import contextlib
import dataclasses
import datetime
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest.mock
from collections.abc import Iterator
from typing import Any

import boto3
from botocore import auth, awsrequest, credentials
from botocore import config as boto_config
from botocore import exceptions as boto_exceptions

from tests.builders import free_ports
from tests.model_loader import loopback

ACCESS_KEY, SECRET_KEY = "writer", "writer-secret-value"
STRANGER_ACCESS_KEY, STRANGER_SECRET_KEY = "stranger", "stranger-secret-value"
DOMAIN = "s3.test"
"""Below it, the store takes the first part of a host's name for the bucket."""

_START_SECONDS = 60.0
_ZEROS = bytes(1 << 20)


@dataclasses.dataclass
class Web:
    """``answers`` maps a path to the answers it gives one after the other, the last one for ever."""

    url: str
    answers: dict[str, list["Answer"]] = dataclasses.field(default_factory=dict)
    requests: list[str] = dataclasses.field(default_factory=list)
    headers: list[dict[str, str]] = dataclasses.field(default_factory=list)
    released: threading.Event = dataclasses.field(default_factory=threading.Event)


@dataclasses.dataclass(frozen=True)
class Answer:
    """``length``: what Content-Length claims, None for a chunked answer; ``stalls``: the end never comes.

    ``zeros`` bytes follow the body, however many.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = -1
    stalls: bool = False
    zeros: int = 0


@contextlib.contextmanager
def a_web_server() -> Iterator[Web]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            web.requests.append(self.path)
            web.headers.append({name.lower(): value for name, value in self.headers.items()})
            answers = web.answers.get(self.path, [Answer(404, b"no such page")])
            _send(self, answers.pop(0) if len(answers) > 1 else answers[0], web.released)

        def log_message(self, *_: Any) -> None:
            pass

    with loopback.serving(Handler) as url:
        web = Web(url)
        try:
            yield web
        finally:
            web.released.set()


def _send(handler: http.server.BaseHTTPRequestHandler, answer: Answer, released: threading.Event) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers:
        handler.send_header(name, value)
    body = answer.body
    if answer.length is None:
        handler.send_header("Transfer-Encoding", "chunked")
        body = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    else:
        whole = len(body) + answer.zeros
        length = whole if answer.length == -1 else answer.length
        handler.send_header("Content-Length", str(length))
        handler.close_connection = length != whole
    handler.end_headers()
    with contextlib.suppress(ConnectionError):
        handler.wfile.write(body)
        for begin in range(0, answer.zeros, len(_ZEROS)):
            handler.wfile.write(_ZEROS[: answer.zeros - begin])
        handler.wfile.flush()
    if answer.stalls:
        released.wait()


@dataclasses.dataclass(frozen=True)
class S3:
    """A running store; ``client`` is boto3's, with the right to write."""

    endpoint: str
    client: Any

    def environment(self, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY) -> dict[str, str]:
        """What a credentialsSecret would hold."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
        }


@contextlib.contextmanager
def an_s3_store(directory: pathlib.Path) -> Iterator[S3]:
    """SeaweedFS with two accounts: one that may do everything, one that may read another bucket only."""
    accounts = [
        ("writer", ACCESS_KEY, SECRET_KEY, ["Admin", "Read", "Write", "List"]),
        ("stranger", STRANGER_ACCESS_KEY, STRANGER_SECRET_KEY, ["Read:elsewhere"]),
    ]
    identities = [
        {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for name, key, secret, actions in accounts
    ]
    (directory / "s3.json").write_text(json.dumps({"identities": identities}))
    (directory / "data").mkdir()
    ports = free_ports.find(8)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(_command(ports), cwd=directory, stdout=log, stderr=log)
    endpoint = f"http://127.0.0.1:{ports[3]}"
    try:
        with contextlib.closing(_client(endpoint, attempts=1)) as client:
            _wait_until_it_writes(client, process, directory / "log")
        # On a busy machine it says now and then that one should try again.
        with contextlib.closing(_client(endpoint, attempts=5)) as client:
            yield S3(endpoint=endpoint, client=client)
    finally:
        # Not terminated: its orderly end takes 25 s, and nobody will read its data again.
        process.kill()
        process.wait(timeout=30)
        _remove_sockets(ports)


def _client(endpoint: str, *, attempts: int) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=boto_config.Config(retries={"total_max_attempts": attempts}, s3={"addressing_style": "path"}),
    )


def signed_url(store: S3, bucket: str, key: str, *, when: datetime.datetime, seconds: int) -> str:
    """A URL that was signed at ``when`` and is good for ``seconds``."""
    url = f"{store.endpoint}/{bucket}/{key}"
    request = awsrequest.AWSRequest(method="GET", url=url)
    signer = auth.S3SigV4QueryAuth(
        credentials.Credentials(ACCESS_KEY, SECRET_KEY), "s3", "us-east-1", expires=seconds
    )
    with unittest.mock.patch.object(auth, "get_current_datetime", return_value=when.replace(tzinfo=None)):
        signer.add_auth(request)
    return str(request.url)


def _command(ports: list[int]) -> list[str]:
    parts = ("master", "volume", "filer", "s3")
    return [
        shutil.which("weed", path=pathlib.Path(sys.executable).parent) or "weed",
        "-logtostderr=true",
        "server",
        "-dir=data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-s3",
        "-s3.config=s3.json",
        f"-s3.domainName={DOMAIN}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        *(f"-{part}.port={port}" for part, port in zip(parts, ports[:4], strict=True)),
        *(f"-{part}.port.grpc={port}" for part, port in zip(parts, ports[4:], strict=True)),
    ]


def _wait_until_it_writes(client: Any, process: "subprocess.Popen[bytes]", log: pathlib.Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.create_bucket(Bucket="models")
            client.put_object(Bucket="models", Key="first", Body=b"x")
        except (boto_exceptions.BotoCoreError, boto_exceptions.ClientError) as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SeaweedFS does not come up: {log.read_text()[-2000:]}") from exc
            time.sleep(0.1)
        else:
            return


def _remove_sockets(ports: list[int]) -> None:
    for port in ports:
        for leftover in pathlib.Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
            leftover.unlink()
