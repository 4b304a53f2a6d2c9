"""The few questions that the harness itself asks of the cluster, with the administrator's certificate."""

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from tests.cluster import certificates
from tests.cluster.layout import Layout

# A health endpoint answers in milliseconds or is not ready.
_SECONDS = 3.0
_AWAY = (OSError, http.client.HTTPException)


def is_ok(url: str) -> bool:
    """Whether a health endpoint answers 200; the components' own certificates sign themselves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _fetch(url, context) is not None


def is_answering(layout: Layout, path: str) -> bool:
    return _fetch(layout.api_server + path, _identity(layout)) is not None


def read(layout: Layout, path: str) -> dict[str, Any] | None:
    """A resource of the API server; None if there is none, or no answer."""
    body = _fetch(layout.api_server + path, _identity(layout))
    return None if body is None else dict(json.loads(body))


def is_node_ready(layout: Layout) -> bool:
    node = read(layout, f"/api/v1/nodes/{layout.name}") or {}
    conditions = node.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def has_default_account(layout: Layout) -> bool:
    """Whether pods may be made in the namespace `default`: they are forbidden before its account is there."""
    return read(layout, "/api/v1/namespaces/default/serviceaccounts/default") is not None


def _identity(layout: Layout) -> ssl.SSLContext:
    folder = certificates.folder(layout)
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "admin.crt", folder / "admin.key")
    return context


def _fetch(url: str, context: ssl.SSLContext) -> bytes | None:
    # No proxy of this machine leads into the cluster.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=_SECONDS) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return None
    except _AWAY:
        return None
