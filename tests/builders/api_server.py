"""A stand-in for the API server's reads and writes on loopback, with the preconditions that the real one keeps."""

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client.configuration import Configuration

from endpoint_operator.cluster import client


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    content_type: str


@dataclass(slots=True)
class ApiServer:
    """Objects by path. ``faults`` answers a status instead, by ``METHOD path``; ``is_down`` breaks every connection.

    ``cached`` is what lists out of the watch cache are made from; None while it is not behind.
    """

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    cached: dict[str, dict[str, Any]] | None = None
    faults: dict[str, int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    is_down: bool = False
    port: int = 0
    version: int = 0

    def put(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object, as somebody else would."""
        stored = copy.deepcopy(document)
        self.version += 1
        metadata = stored.setdefault("metadata", {})
        metadata.setdefault("name", path.rpartition("/")[2])
        if "/namespaces/" in path:
            metadata.setdefault("namespace", path.split("/namespaces/")[1].split("/")[0])
        metadata.setdefault("uid", f"uid-{self.version}")
        metadata["resourceVersion"] = str(self.version)
        self.objects[path] = stored
        return stored

    def writes(self) -> list[str]:
        """``METHOD path`` of everything that was not a read, in order."""
        return [f"{item.method} {item.path}" for item in self.asked if item.method != "GET"]

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        if self.is_down:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        text = await request.text()
        body = json.loads(text) if text else None
        path, method = request.path, request.method
        self.asked.append(Asked(method, path, dict(request.query), body, request.content_type))
        if f"{method} {path}" in self.faults:
            return _status(self.faults[f"{method} {path}"], "Fault", "as asked for")
        return getattr(self, f"_{method.lower()}")(request, path, body)  # type: ignore[no-any-return]

    def _get(self, request: web.Request, path: str, _body: Any) -> web.Response:
        if path in self.objects:
            return web.json_response(self.objects[path])
        if _is_list(path):
            is_cached = self.cached is not None and request.query.get("resourceVersion") == "0"
            objects = (self.cached or {}) if is_cached else self.objects
            found = [item for where, item in objects.items() if where.rpartition("/")[0] == path]
            selector = request.query.get("labelSelector", "")
            return web.json_response({"items": [item for item in found if _matches(item, selector)]})
        return _status(404, "NotFound", f"{path} not found")

    def _post(self, _request: web.Request, path: str, body: Any) -> web.Response:
        where = f"{path}/{body['metadata']['name']}"
        if where in self.objects:
            return _status(409, "AlreadyExists", f"{where} already exists")
        return web.json_response(self.put(where, body), status=201)

    def _put(self, _request: web.Request, path: str, body: Any) -> web.Response:
        where = path.removesuffix("/status")
        present = self.objects.get(where)
        if present is None:
            return _status(404, "NotFound", f"{where} not found")
        if body["metadata"].get("resourceVersion") != present["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified")
        if path.endswith("/status"):
            body = {**present, "status": body.get("status")}
        return web.json_response(self.put(where, body))

    def _patch(self, _request: web.Request, path: str, body: Any) -> web.Response:
        where = path.removesuffix("/scale")
        present = self.objects.get(where)
        if present is None:
            return _status(404, "NotFound", f"{where} not found")
        uid = body.get("metadata", {}).get("uid")
        if uid is not None and uid != present["metadata"]["uid"]:
            return _status(409, "Conflict", "Precondition failed: UID in precondition")
        return web.json_response(self.put(where, _merged(present, body)))

    def _delete(self, _request: web.Request, path: str, body: Any) -> web.Response:
        present = self.objects.get(path)
        if present is None:
            return _status(404, "NotFound", f"{path} not found")
        if (body or {}).get("preconditions", {}).get("uid") != present["metadata"]["uid"]:
            return _status(409, "Conflict", "Precondition failed: UID in precondition")
        del self.objects[path]
        return web.json_response({"kind": "Status", "status": "Success"})


@asynccontextmanager
async def running() -> AsyncIterator[tuple[ApiServer, client.Client]]:
    """The server and a client of it."""
    server = ApiServer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    cluster = client.Client(Configuration(host=f"http://127.0.0.1:{server.port}"))
    try:
        yield server, cluster
    finally:
        await cluster.close()
        await runner.cleanup()


def _is_list(path: str) -> bool:
    # /api/v1/namespaces/NS/PLURAL or /apis/GROUP/VERSION/namespaces/NS/PLURAL, or the same without the namespace
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    return len(rest) in (1, 3)


def _matches(item: dict[str, Any], selector: str) -> bool:
    labels = item["metadata"].get("labels") or {}
    wanted = [part.partition("=") for part in selector.split(",") if part]
    return all(labels.get(name) == value for name, _, value in wanted)


def _merged(present: Any, patch: Any) -> Any:
    if not isinstance(patch, dict) or not isinstance(present, dict):
        return patch
    changed = {name: _merged(present.get(name), value) for name, value in patch.items() if value is not None}
    kept = {name: value for name, value in present.items() if name not in patch}
    return {**kept, **changed}


def _status(code: int, reason: str, message: str) -> web.Response:
    document = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return web.json_response(document, status=code)
