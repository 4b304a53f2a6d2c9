import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from endpoint_router.route_table_source import api_server

HOST = "127.0.0.1"


class Authority:
    """A certificate authority, and a server's certificate by it, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ca_file, self.server_file = folder / "ca.crt", folder / "server.pem"
        ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {folder.name}")])
        server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api")])
        is_authority = x509.BasicConstraints(ca=True, path_length=None)
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))])
        ca = sign(ca_name, ca_name, ca_key.public_key(), ca_key, is_authority)
        server = sign(server_name, ca_name, server_key.public_key(), ca_key, address)
        self.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        secret = server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.server_file.write_bytes(server.public_bytes(serialization.Encoding.PEM) + secret)


def sign(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
    )
    critical = isinstance(extension, x509.BasicConstraints)
    return builder.add_extension(extension, critical=critical).sign(issuer_key, hashes.SHA256())


@contextlib.asynccontextmanager
async def an_https_api(authority: Authority) -> AsyncIterator[str]:
    """The URL of an API that answers every list with one that is empty."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_file)
    app = web.Application()
    app.router.add_get("/list", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
    try:
        yield f"https://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def answer(_request: web.Request) -> web.Response:
    return web.json_response({"items": []})


async def listed(url: str, folder: Path) -> dict[str, object]:
    server = api_server.ApiServer(url, "shop", folder / "token", folder / "ca.crt")
    async with server.session() as session:
        return await session.list("/list", {})


async def test_the_api_is_trusted_by_the_authority_in_the_file_and_by_no_other(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    async with an_https_api(ours) as url:
        assert await listed(url, ours.ca_file.parent) == {"items": []}
        with pytest.raises(api_server.ApiError, match="certificate verify failed"):
            await listed(url, other.ca_file.parent)
        with pytest.raises(api_server.ApiError, match="certificate verify failed"):
            await listed(url, tmp_path / "none")


async def test_an_authority_that_is_replaced_is_trusted_from_the_next_session_on(tmp_path: Path) -> None:
    mounted = Authority(tmp_path / "mounted").ca_file
    new = Authority(tmp_path / "new")
    async with an_https_api(new) as url:
        with pytest.raises(api_server.ApiError):
            await listed(url, mounted.parent)
        new.ca_file.replace(mounted)
        assert await listed(url, mounted.parent) == {"items": []}


async def test_a_damaged_authority_file_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(api_server.ApiError, match="can't reach"):
        await listed("https://127.0.0.1:1", tmp_path)


async def test_a_refused_connection_names_the_api(tmp_path: Path) -> None:
    with pytest.raises(api_server.ApiError, match=r"can't reach http://127\.0\.0\.1:1"):
        await listed("http://127.0.0.1:1", tmp_path)
