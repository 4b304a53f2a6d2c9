"""A stand-in for the Kubernetes API on loopback: lists and watches as the real one speaks them, and faults."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived. ``kind`` is ``list`` or ``watch``."""

    kind: str
    path: str
    query: Mapping[str, str]
    authorization: str | None


@dataclass(slots=True)
class KubernetesApi:
    """Objects by path and name. Every write gets the next resource version and reaches the open watches.

    ``fault`` answers in place of the API: ``hang``, ``cut``, ``garbage``, or a status code.
    """

    fault: str | int | None = None
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    _objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    _events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    _version: int = 100
    _oldest: int = 0
    _watches: dict[asyncio.Queue[bytes | None], tuple[str, web.Request]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; on the same port again after a `stop`."""
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away as a killed process does: connections break, nothing listens."""
        self.cut_watches()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def put(self, path: str, document: dict[str, Any]) -> None:
        """Create or replace an object."""
        of_path = self._objects.setdefault(path, {})
        name = document["metadata"]["name"]
        self._happen(path, "MODIFIED" if name in of_path else "ADDED", document)
        of_path[name] = self._events[-1][2]

    def delete(self, path: str, name: str) -> None:
        """Remove an object."""
        self._happen(path, "DELETED", self._objects[path].pop(name))

    def bookmark(self, path: str) -> None:
        """Tell the watches of a path the present version, as the real API does about once a minute."""
        self._version += 1
        self._send(
            path, {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(self._version)}}}
        )

    def expire(self) -> None:
        """Forget all history, as a compaction does: watches from an older version get 410."""
        self._version += 1
        self._oldest = self._version

    def end_watches_with_410(self) -> None:
        """Say so in open watches, as the API does when it falls behind."""
        for path, _ in list(self._watches.values()):
            self._send(path, {"type": "ERROR", "object": _expired()})

    def send_raw(self, path: str, data: bytes) -> None:
        """Write these bytes into the watches of a path."""
        for queue, (watched, _) in self._watches.items():
            if watched == path:
                queue.put_nowait(data)

    def end_watches(self) -> None:
        """End all watches in good order, as the API does when their time is over."""
        for queue in self._watches:
            queue.put_nowait(None)

    def cut_watches(self) -> None:
        """Break the connections of all watches."""
        for _, request in self._watches.values():
            if request.transport is not None:
                request.transport.abort()

    def watches(self, path: str) -> int:
        """How many watches of a path are open."""
        return sum(watched == path for watched, _ in self._watches.values())

    def count(self, kind: str, path: str) -> int:
        """How many lists or watches of a path were asked for."""
        return sum(1 for asked in self.asked if (asked.kind, asked.path) == (kind, path))

    def _happen(self, path: str, kind: str, document: dict[str, Any]) -> None:
        self._version += 1
        metadata = {**document["metadata"], "resourceVersion": str(self._version)}
        stamped = {**document, "metadata": metadata, "_path": path}
        self._events.append((self._version, kind, stamped))
        self._send(path, {"type": kind, "object": stamped})

    def _send(self, path: str, event: dict[str, Any]) -> None:
        self.send_raw(path, json.dumps(event).encode() + b"\n")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        kind = "watch" if request.query.get("watch") else "list"
        self.asked.append(
            Asked(kind, request.path, dict(request.query), request.headers.get("Authorization"))
        )
        if self.fault == "hang":
            await asyncio.sleep(3600)
        if self.fault == "cut" and request.transport is not None:
            request.transport.abort()
        if self.fault == "garbage":
            return web.Response(text="<html>it works</html>")
        if isinstance(self.fault, int):
            return web.json_response({"kind": "Status", "code": self.fault}, status=self.fault)
        return await self._watch(request) if kind == "watch" else self._list(request)

    def _list(self, request: web.Request) -> web.Response:
        items = [item for item in self._objects.get(request.path, {}).values() if _is_selected(item, request)]
        return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": items})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query["resourceVersion"])
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if since < self._oldest:
            await response.write(json.dumps({"type": "ERROR", "object": _expired()}).encode() + b"\n")
            return response
        with self._open(request) as queue:
            for version, kind, item in self._events:
                if version > since and item["_path"] == request.path and _is_selected(item, request):
                    queue.put_nowait(json.dumps({"type": kind, "object": item}).encode() + b"\n")
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(float(request.query["timeoutSeconds"])):
                    while (data := await queue.get()) is not None:
                        await response.write(data)
        return response

    @contextlib.contextmanager
    def _open(self, request: web.Request) -> Iterator[asyncio.Queue[bytes | None]]:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._watches[queue] = (request.path, request)
        try:
            yield queue
        finally:
            del self._watches[queue]


@contextlib.asynccontextmanager
async def a_kubernetes_api() -> AsyncIterator[KubernetesApi]:
    """A running API without objects."""
    api = KubernetesApi()
    await api.start()
    try:
        yield api
    finally:
        await api.stop()


def a_config_map(text: str | None, *, name: str = "churn-routes") -> dict[str, Any]:
    """A ConfigMap that holds a route table, or none."""
    return {"metadata": {"name": name}, "data": {} if text is None else {"routes.json": text}}


def a_slice(
    service: str, *addresses: str, name: str = "", endpoint: str = "churn", **conditions: bool
) -> dict[str, Any]:
    """An EndpointSlice of one Service of an endpoint, all of whose pods are in the same condition."""
    return {
        "metadata": {
            "name": name or f"{service}-abcde",
            "labels": {"kubernetes.io/service-name": service, "pointsman.dev/endpoint": endpoint},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [address], "conditions": conditions or {"ready": True}} for address in addresses
        ],
    }


def _expired() -> dict[str, Any]:
    return {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (2)"}


def _is_selected(item: Mapping[str, Any], request: web.Request) -> bool:
    name = request.query.get("fieldSelector", "").removeprefix("metadata.name=")
    label, _, value = request.query.get("labelSelector", "").partition("=")
    has_label = item["metadata"].get("labels", {}).get(label) == value if label else True
    return has_label and (not name or item["metadata"]["name"] == name)
