"""Google Cloud Storage and Azure's blob storage as their emulators play them: fake-gcs-server and Azurite."""

import base64
import contextlib
import datetime
import email.utils
import hashlib
import hmac
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from urllib import parse

import obstore.store

from tests.builders import free_ports, locked_environments
from tests.cluster import layout, ownership

_AZURITE = locked_environments.LOCKS / "azurite"
_START_SECONDS = 60.0

AZURE_ACCOUNT = "devstoreaccount1"
# Every Azurite has this one, as its documentation says.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Google:
    """A running fake-gcs-server with the bucket ``models``."""

    endpoint: str

    def put(self, key: str, content: bytes) -> None:
        name = parse.quote(key, safe="")
        url = f"{self.endpoint}/upload/storage/v1/b/models/o?uploadType=media&name={name}"
        _send(urllib.request.Request(url, data=content, method="POST"))


@contextlib.contextmanager
def google() -> Iterator[Google]:
    binary = _fake_gcs_server()
    (port,) = free_ports.find(1)
    host = f"127.0.0.1:{port}"
    options = ["-scheme", "http", "-backend", "memory", "-log-level", "error"]
    with _running(
        [str(binary), *options, "-host", "127.0.0.1", "-port", str(port), "-public-host", host], port
    ):
        request = urllib.request.Request(
            f"http://{host}/storage/v1/b?project=tests",
            data=json.dumps({"name": "models"}).encode(),
            headers={"Content-Type": "application/json"},
        )
        _send(request)
        yield Google(endpoint=f"http://{host}")


@dataclass(frozen=True)
class Azure:
    """A running Azurite with the containers ``models`` and, for everybody to read, ``public``."""

    endpoint: str

    def environment(self) -> dict[str, str]:
        """What a credentialsSecret would hold."""
        return {
            "AZURE_STORAGE_ENDPOINT": self.endpoint,
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
        }

    def put(self, path: str, content: bytes) -> None:
        """Write the blob of a path that begins with its container."""
        blob = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        self.send("PUT", f"/{path}", headers=blob, body=content)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """A request signed with the account's key, as Microsoft's documentation of Shared Key says."""
        path = parse.quote(path)
        sent = {
            "x-ms-date": email.utils.formatdate(usegmt=True),
            "x-ms-version": "2021-08-06",
            **(headers or {}),
        }
        ours = "".join(f"{k}:{v}\n" for k, v in sorted(sent.items()) if k.startswith("x-ms-"))
        asked = "".join(f"\n{k}:{v}" for k, v in sorted(parse.parse_qsl(query)))
        text = (
            f"{method}\n\n\n{len(body) or ''}\n\n{sent.get('Content-Type', '')}\n\n\n\n\n\n\n"
            f"{ours}/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}{path}{asked}"
        )
        digest = hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()
        sent["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}"
        url = f"{self.endpoint}{path}{'?' if query else ''}{query}"
        _send(urllib.request.Request(url, method=method, headers=sent, data=body or None))


@contextlib.contextmanager
def azure() -> Iterator[Azure]:
    (port,) = free_ports.find(1)
    command = [
        *(str(_azurite()), "--blobHost", "127.0.0.1", "--blobPort", str(port)),
        *("--inMemoryPersistence", "--disableTelemetry", "--silent"),
    ]
    with _running(command, port):
        store = Azure(endpoint=f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}")
        store.send("PUT", "/models", query="restype=container")
        store.send(
            "PUT", "/public", query="restype=container", headers={"x-ms-blob-public-access": "container"}
        )
        yield store


def sas_token(store: Azure, path: str, *, lasting: datetime.timedelta) -> str:
    """The right to read one blob of ``models`` from now on for so long."""
    signer = obstore.store.AzureStore(
        "models",
        account_name=AZURE_ACCOUNT,
        account_key=AZURE_KEY,
        endpoint=store.endpoint,
        client_options={"allow_http": True},
    )
    return obstore.sign(signer, "GET", path, lasting).partition("?")[2]


def _fake_gcs_server() -> pathlib.Path:
    environment = locked_environments.interpreter("emulators", _say).parents[1]
    binary = next(environment.glob("lib/*/site-packages/*/vendor/*/bin/fake-gcs-server-linux-*"))
    binary.chmod(binary.stat().st_mode | 0o111)
    return binary


def _azurite() -> pathlib.Path:
    """The program, installed once for each state of the lock file."""
    digest = hashlib.sha256((_AZURITE / "package-lock.json").read_bytes()).hexdigest()[:10]
    environments = layout.current().cache / "environments"
    folder = environments / f"azurite-{digest}"
    done = folder / ".installed"
    with ownership.exclusive(environments, "azurite"):
        if not done.exists():
            _say(f"installing {_AZURITE.relative_to(layout.REPOSITORY)} into {folder}")
            shutil.copytree(_AZURITE, folder, dirs_exist_ok=True)
            # No package's own scripts: they would run, and fetch, whatever they like.
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
            done.touch()
    return folder / "node_modules" / ".bin" / "azurite-blob"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.kill()
        process.wait(timeout=30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} does not come up") from exc
            time.sleep(0.05)
        else:
            return


def _send(request: urllib.request.Request) -> None:
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
