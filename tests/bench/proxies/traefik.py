"""Traefik: its weighted service; routes for the target header. No access log and no metrics."""

import json
from pathlib import Path

from tests.bench import contender, environments, upstreams

_PACKAGE = environments.TRAEFIK


def contending(port: int, folder: Path, behind: upstreams.Upstreams) -> contender.Contender:
    """Traefik on ``port``. Raises HarnessError when it cannot be installed."""
    program = environments.of("traefik", _PACKAGE) / "traefik"
    dynamic, static = folder / "traefik-dynamic.json", folder / "traefik.json"
    dynamic.write_text(json.dumps(_dynamic(behind)))  # its YAML reader reads JSON too
    static.write_text(
        json.dumps(
            {
                "entryPoints": {"web": {"address": f"127.0.0.1:{port}"}},
                "providers": {"file": {"filename": str(dynamic), "watch": False}},
                "serversTransport": {"maxIdleConnsPerHost": 256},
                "log": {"level": "ERROR"},
                "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
                "ping": {"entryPoint": "web"},
            }
        )
    )
    yaml = static.rename(static.with_suffix(".yaml"))
    return contender.Contender(
        name="Traefik",
        version=_PACKAGE[0].partition("==")[2],
        command=[program, f"--configFile={yaml}"],
        port=port,
        ready_path="/ping",
    )


def _dynamic(behind: upstreams.Upstreams) -> dict[str, object]:
    services: dict[str, object] = {
        name: {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{port}"}]}}
        for name, port in behind.ports.items()
    }
    weights = [{"name": name, "weight": weight} for name, weight in upstreams.WEIGHTS.items()]
    services["weighted"] = {"weighted": {"services": weights}}
    routers: dict[str, object] = {"weighted": _router("PathPrefix(`/endpoints/`)", "weighted", 1)}
    for name in behind.ports:
        rule = f"PathPrefix(`/endpoints/`) && Header(`{upstreams.TARGET}`, `{name}`)"
        routers[name] = _router(rule, name, 2)
    return {"http": {"routers": routers, "services": services, "middlewares": _MIDDLEWARES}}


_MIDDLEWARES = {
    "path": {"replacePath": {"path": "/invocations"}},
    "headers": {
        "headers": {
            "customRequestHeaders": {"Authorization": ""},
            "customResponseHeaders": {"x-Amzn-Invoked-Production-Variant": "drawn", "x-amzn-RequestId": "1"},
        }
    },
}


def _router(rule: str, service: str, priority: int) -> dict[str, object]:
    return {"rule": rule, "service": service, "priority": priority, "middlewares": ["headers", "path"]}
