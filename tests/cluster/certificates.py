"""Certificates and kubeconfigs of the cluster, made with the `cryptography` package.

One authority, and a key for each server and each client.
"""

import datetime
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.cluster.layout import Layout

_VALID = datetime.timedelta(days=365)
# A certificate that begins now is refused by a clock that lags.
_HEAD_START = datetime.timedelta(hours=1)

# Client name → (common name, groups): the names to which Kubernetes' built-in roles are bound.
_CLIENTS = {
    "admin": ("pointsman-admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
    "coredns": ("system:coredns", None),
}


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def folder(layout: Layout) -> Path:
    return layout.state / "certificates"


def kubeconfig(layout: Layout, client: str) -> Path:
    """The kubeconfig file of one client of the API server."""
    return folder(layout) / f"{client}.kubeconfig"


def create(layout: Layout) -> None:
    """Write a new authority and everything signed by it; old kubeconfigs are of no more use."""
    target = folder(layout)
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    authority = _new_authority(target)
    _sign(authority, target / "apiserver", "kube-apiserver", None, _server_names(layout))
    _sign(
        authority,
        target / "kubelet-server",
        f"system:node:{layout.name}",
        "system:nodes",
        [_ip(layout.node_address)],
    )
    _write_key(target / "service-accounts.key", _new_key())
    clients = {**_CLIENTS, "kubelet": (f"system:node:{layout.name}", "system:nodes")}
    for client, (name, group) in clients.items():
        _sign(authority, target / client, name, group)
        _write_kubeconfig(layout, client)
    layout.kubeconfig.write_text(kubeconfig(layout, "admin").read_text())
    layout.kubeconfig.chmod(0o600)


def _server_names(layout: Layout) -> list[x509.GeneralName]:
    service = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ]
    addresses = [layout.node_address, str(layout.service_range[1]), "127.0.0.1"]
    return [x509.DNSName(name) for name in ("localhost", *service)] + [_ip(address) for address in addresses]


def _ip(address: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(address))


def _new_authority(target: Path) -> _Authority:
    key = _new_key()
    name = _name("pointsman test cluster", None)
    builder = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    certificate = builder.sign(key, hashes.SHA256())
    (target / "ca.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return _Authority(certificate, key)


def _sign(
    authority: _Authority,
    path: Path,
    name: str,
    group: str | None,
    server_names: list[x509.GeneralName] | None = None,
) -> None:
    key = _new_key()
    builder = _builder(_name(name, group), authority.certificate.subject, key)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if server_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(server_names), critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    path.with_suffix(".crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(path.with_suffix(".key"), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _HEAD_START,
        not_valid_after=now + _VALID,
    )


def _name(common_name: str, group: str | None) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group)] if group else []
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


def _write_kubeconfig(layout: Layout, client: str) -> None:
    """JSON is YAML: nothing but the standard library is needed to write it."""
    files = folder(layout)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": layout.name,
        "clusters": [
            {
                "name": layout.name,
                "cluster": {"server": layout.api_server, "certificate-authority": str(files / "ca.crt")},
            }
        ],
        "users": [
            {
                "name": client,
                "user": {
                    "client-certificate": str(files / f"{client}.crt"),
                    "client-key": str(files / f"{client}.key"),
                },
            }
        ],
        "contexts": [{"name": layout.name, "context": {"cluster": layout.name, "user": client}}],
    }
    kubeconfig(layout, client).write_text(json.dumps(content, indent=2) + "\n")
