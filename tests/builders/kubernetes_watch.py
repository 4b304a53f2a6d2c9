"""A stand-in for what kopf asks of an API server: which kinds there are, lists, and watches that stay open."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from endpoint_operator.cluster import kinds

SERVED = (
    kinds.ENDPOINT,
    kinds.ENDPOINT_CONFIG,
    *kinds.CHILDREN,
    kinds.CUSTOM_RESOURCE_DEFINITION,
    kinds.Kind("v1", "Namespace", "namespaces"),
    kinds.EVENT,
)


class WatchedApi:
    """Objects by the path of their list. ``writes`` holds everything that was asked and was not a read."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.refused = 0
        self.writes: list[str] = []
        self.watched: set[str] = set()
        self._objects: dict[str, dict[str, Any]] = {}
        self._watches: dict[asyncio.Queue[bytes | None], str] = {}
        self._events: list[tuple[int, str, bytes]] = []
        self._version = 1

    def put(self, path: str, document: dict[str, Any]) -> None:
        """Create an object or change it."""
        self._version += 1
        document["metadata"]["resourceVersion"] = str(self._version)
        self._objects.setdefault(path, {})[document["metadata"]["name"]] = document
        line = json.dumps({"type": "MODIFIED", "object": document}).encode() + b"\n"
        self._events.append((self._version, path, line))
        for queue, watched in self._watches.items():
            if watched == path:
                queue.put_nowait(line)

    def end_watches(self) -> None:
        """Close every open watch."""
        for queue in self._watches:
            queue.put_nowait(None)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
        if self.status != 200:
            self.refused += 1
            return web.json_response({"kind": "Status", "code": self.status}, status=self.status)
        found = _discovery(request.path)
        if found is not None:
            return web.json_response(found)
        if "watch" in request.query:
            return await self._watch(request)
        items = list(self._objects.get(request.path, {}).values())
        return web.json_response({"metadata": {"resourceVersion": str(self._version)}, "items": items})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        for version, path, line in self._events:
            if path == request.path and version > int(request.query["resourceVersion"]):
                queue.put_nowait(line)
        self._watches[queue] = request.path
        self.watched.add(request.path)
        try:
            while (data := await queue.get()) is not None:
                await response.write(data)
        finally:
            del self._watches[queue]
        return response


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[WatchedApi]:
    """The server, on loopback."""
    server = WatchedApi()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.end_watches()
        await runner.cleanup()


def _discovery(path: str) -> dict[str, Any] | None:
    groups = {kind.group: kind.version for kind in SERVED if kind.group}
    if path == "/api":
        return {"versions": ["v1"]}
    if path == "/apis":
        return {"groups": [_group(name, version) for name, version in groups.items()]}
    here = [kind for kind in SERVED if path == kind.path("").rpartition("/")[0]]
    return {"resources": [_resource(kind) for kind in here]} if here else None


def _group(name: str, version: str) -> dict[str, Any]:
    one = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [one], "preferredVersion": one}


def _resource(kind: kinds.Kind) -> dict[str, Any]:
    verbs = ["get", "list", "watch", "create", "patch", "delete"]
    return {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "kind": kind.name,
        "namespaced": kind.plural not in ("namespaces", "customresourcedefinitions"),
        "verbs": verbs,
    }
