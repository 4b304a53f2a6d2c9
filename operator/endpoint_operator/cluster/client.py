"""Plain JSON requests to the API server over the official client's connection and credentials."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib import request
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from kubernetes.aio import config
from kubernetes.aio.client import rest
from kubernetes.aio.client.configuration import Configuration

from endpoint_contract import labels
from endpoint_operator.cluster import errors

logger = logging.getLogger(__name__)

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

# Seconds. An API server that is alive answers any of our small requests far sooner.
TOTAL_TIMEOUT = 10.0
CONNECT_TIMEOUT = 3.0
KEEP_ALIVE = 90.0

_ESCAPED = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)

Object = dict[str, Any]
"""A Kubernetes object as decoded JSON."""


class CredentialsError(Exception):
    """Neither a pod's service account nor a KUBECONFIG says where the API server is."""


async def configuration(kubeconfig: str | None = None) -> Configuration:
    """How to reach the API server: the pod's service account, else ``kubeconfig`` (a path, or several), else the
    user's usual file. Raises CredentialsError."""
    found: Configuration = Configuration()
    try:
        config.load_incluster_config(client_configuration=found)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        paths = _existing(kubeconfig)
        try:
            await config.load_kube_config(paths, client_configuration=found)  # type: ignore[no-untyped-call]
        except (config.ConfigException, OSError, TypeError, ValueError) as exc:
            raise CredentialsError(f"no way to the API server: {exc}") from exc
    found.proxy = found.proxy or _proxy(found.host)
    # With it, aiohttp would look for a proxy in the environment at every request, in a thread.
    found.client_session_kwargs = {"trust_env": False}
    return found


def _existing(chosen: str | None) -> str:
    """``chosen``, else the user's usual file. Raises CredentialsError when nothing of it is there: the library would
    warn of that in the log, and then speak of what the file lacks."""
    paths = chosen or "~/.kube/config"
    if any(Path(path).expanduser().exists() for path in paths.split(os.pathsep) if path):
        return paths
    where = (
        f"KUBECONFIG={chosen} names no file"
        if chosen
        else "neither KUBECONFIG nor ~/.kube/config names a cluster"
    )
    raise CredentialsError(f"no way to the API server: not in a pod, and {where}")


class _Connection(rest.RESTClientObject):
    """The official client's TLS and connection pool, without its own JSON."""

    def session(self) -> aiohttp.ClientSession:
        """The pool, made in the loop that first needs it."""
        if self.pool_manager is None:
            self.pool_manager = self._create_pool_manager()
        return self.pool_manager

    def _create_connector(self) -> aiohttp.TCPConnector:
        # Kept while nothing happens: a patch after a quiet hour should not wait for ten handshakes.
        return aiohttp.TCPConnector(limit=self.maxsize, ssl=self.ssl_context, keepalive_timeout=KEEP_ALIVE)


class Client:
    """Requests that answer decoded JSON and raise `errors.ClusterError` only.

    Every write names the project's field manager, so that ``kubectl`` shows who owns a field. A write of content
    is strict: a field that the API server does not know, such as a misspelt one in a user's affinity, is refused
    by name. Left out in silence, it would be missed and put back for ever.
    """

    def __init__(self, settings: Configuration) -> None:
        self.settings = settings
        self._connection = _Connection(settings)
        self._is_reachable = True

    async def close(self) -> None:
        """Close all connections."""
        await self._connection.close()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        """One object, or a list."""
        return await self._request("GET", path, query)

    async def items(self, path: str, *, selector: str = "", is_live: bool = False) -> list[Object]:
        """The items of a list, out of the API server's watch cache: as fresh as the events that it has delivered.

        With ``is_live`` as they are now; the API server then waits until etcd next reports its progress, up to
        100 ms (seen on 1.34).
        """
        version = {} if is_live else {"resourceVersion": "0"}
        query = version | ({"labelSelector": selector} if selector else {})
        answer = await self.get(path, query)
        return cast(list[Object], answer.get("items") or [])

    async def create(self, path: str, body: Object) -> Object:
        """POST. Raises AlreadyExistsError when the name is taken."""
        return await self._request("POST", path, _content(), body)

    async def replace(self, path: str, body: Object, *, is_strict: bool = True) -> Object:
        """PUT; ``metadata.resourceVersion`` in ``body`` is the precondition. Raises ConflictError."""
        return await self._request("PUT", path, _content() if is_strict else _manager(), body)

    async def apply(self, path: str, body: Object) -> Object:
        """Server-side apply, by force; ``metadata.uid`` in ``body`` is the precondition. Raises
        ConflictError."""
        query = {**_content(), "force": "true"}
        return await self._request("PATCH", path, query, body, content_type=APPLY_PATCH)

    async def merge(self, path: str, body: Object) -> Object:
        """JSON merge patch; ``metadata.uid`` or ``resourceVersion`` in ``body`` are preconditions."""
        return await self._request("PATCH", path, _manager(), body, content_type=MERGE_PATCH)

    async def delete(self, path: str, *, uid: str) -> None:
        """Delete exactly the object with ``uid``, its dependents in the background. Raises ConflictError."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        await self._request("DELETE", path, None, body)

    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        *,
        content_type: str = JSON,
    ) -> Object:
        doing = f"{method} {path}"
        try:
            headers = {**await self._credentials(), "Accept": JSON, "Content-Type": content_type}
            url = f"{self.settings.host}{path}?{urlencode(query)}" if query else f"{self.settings.host}{path}"
            async with self._connection.session().request(
                method,
                url,
                headers=headers,
                data=encoded(body) if body is not None else None,
                timeout=aiohttp.ClientTimeout(total=TOTAL_TIMEOUT, sock_connect=CONNECT_TIMEOUT),
                proxy=self.settings.proxy,
                server_hostname=self.settings.tls_server_name,
            ) as answer:
                content = await answer.read()
        except errors.CATCHABLE as exc:
            self._note_reachable(False, exc)
            raise errors.from_exception(exc, doing) from exc
        self._note_reachable(True)
        if answer.status >= 400:
            raise errors.from_answer(answer.status, _decoded(content), doing)
        return _decoded(content)

    async def _credentials(self) -> dict[str, str]:
        # Asked each time: a pod's token is replaced in its file long before it expires.
        schemes = await self.settings.auth_settings()
        token = schemes["BearerToken"]["value"] if "BearerToken" in schemes else None
        return {"Authorization": str(token)} if token else {}

    def _note_reachable(self, is_reachable: bool, exc: BaseException | None = None) -> None:
        if is_reachable is not self._is_reachable:
            self._is_reachable = is_reachable
            if is_reachable:
                logger.info("the API server at %s answers again", self.settings.host)
            else:
                logger.warning(
                    "the API server at %s does not answer: %s", self.settings.host, exc or "no reason given"
                )


def encoded(body: Object) -> bytes:
    """``body`` as JSON in the very form in which the API server would write it: compact, HTML signs escaped.

    A ControllerRevision's data is kept and compared byte by byte: in any other form the API server itself changes
    it at the next patch of a label, and then refuses the patch because the data changed (seen on 1.34).
    """
    text = orjson.dumps(body)
    for sign, escaped in _ESCAPED:
        text = text.replace(sign, escaped)
    return text


def _proxy(url: str) -> str | None:
    """The environment's proxy for ``url``, looked up once."""
    host = urlsplit(url).hostname or ""
    return None if request.proxy_bypass(host) else request.getproxies().get("https")


def _manager() -> dict[str, str]:
    return {"fieldManager": labels.MANAGER}


def _content() -> dict[str, str]:
    return {**_manager(), "fieldValidation": "Strict"}


def _decoded(content: bytes) -> Object:
    try:
        document = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError:
        document = {"message": content[:200].decode("utf-8", "replace")}
    return document if isinstance(document, dict) else {}
