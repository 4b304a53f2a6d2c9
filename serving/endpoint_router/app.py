"""The router put together: a source of snapshots, the proxy that applies them, two ports, and the way out."""

import asyncio
import contextlib
import functools
import gc
import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any

from endpoint_contract import route_table
from endpoint_router import (
    admin,
    counters,
    drain,
    metrics,
    pod_health,
    proxy,
    routing,
    settings,
    stored_table,
)
from endpoint_router.route_table_source import api_server, changes, file, kubernetes
from http_protocol import server

log = logging.getLogger(__name__)

CONFIG_MAP_SUFFIX = "-routes"

OnSnapshot = Callable[[routing.Snapshot], None]


async def run(chosen: settings.Settings) -> None:
    """Serve until a signal ends it. Raises SystemExit(2), after one line, when a setting can't be met."""
    counts = counters.Counters()
    rules = pod_health.Rules(
        consecutive_failures=chosen.eject_after, slow_start_seconds=chosen.slow_start_seconds
    )
    router = proxy.Proxy(counts, pod_ip=chosen.pod_ip or "", rules=rules)
    follow = _source(chosen, functools.partial(_use, router))
    listener = await _listen_for_requests(router, chosen)
    leaving = drain.Drain(
        functools.partial(_announce, router, listener), announce_seconds=chosen.announce_seconds
    )
    leaving.listen(asyncio.get_running_loop())
    source = asyncio.create_task(follow(), name="route table source")
    source.add_done_callback(_log_unexpected_end)
    admin_port = await _listen_for_questions(router, counts, source, chosen)
    log.info("listening on %s, requests at %d, admin at %d", chosen.host, listener.port, admin_port.port)
    # What start-up made stays for ever: without this, collecting garbage stops all requests for 30 ms at times.
    gc.freeze()
    await leaving.until_end()
    await leaving.finish(listener, chosen.finish_seconds)
    # The admin port stays to the last: the operator also asks routers that are leaving.
    source.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await source
    await router.close()
    await admin_port.close()
    log.info("ended")


def _source(chosen: settings.Settings, use: OnSnapshot) -> Callable[[], Coroutine[Any, Any, None]]:
    """What follows the table. A file is read here and now, so that a bad one is refused at once."""
    if chosen.kubernetes is not None:
        return _kubernetes_source(chosen.kubernetes, use).run
    assert chosen.route_table is not None
    source = file.FileSource(chosen.route_table, use)
    try:
        source.load()
    except (file.FileSourceError, route_table.RouteTableError) as exc:
        settings.refuse(f"--route-table: {exc}")
    return source.run


def _kubernetes_source(chosen: settings.KubernetesSettings, use: OnSnapshot) -> kubernetes.KubernetesSource:
    return kubernetes.KubernetesSource(
        server=api_server.ApiServer(
            url=chosen.api_url,
            namespace=chosen.namespace,
            token_file=chosen.service_account_dir / "token",
            ca_file=chosen.service_account_dir / "ca.crt",
        ),
        endpoint=chosen.endpoint,
        config_map=chosen.endpoint + CONFIG_MAP_SUFFIX,
        state_file=chosen.state_dir / stored_table.FILE_NAME,
        on_snapshot=use,
    )


def _use(router: proxy.Proxy, snapshot: routing.Snapshot) -> None:
    before = router.snapshot
    router.use(snapshot)
    log.info("route table revision %d: %s", snapshot.table.revision, changes.describe(before, snapshot))


def _announce(router: proxy.Proxy, listener: server.Server) -> None:
    router.drain()
    listener.drain()


async def _listen_for_requests(router: proxy.Proxy, chosen: settings.Settings) -> server.Server:
    try:
        return await server.listen(router.handle, chosen.host, chosen.port, refuse=router.refuse)
    except OSError as exc:
        settings.refuse(f"--port: can't listen on {chosen.host} port {chosen.port}: {_reason(exc)}")


async def _listen_for_questions(
    router: proxy.Proxy, counts: counters.Counters, source: asyncio.Task[None], chosen: settings.Settings
) -> admin.Admin:
    facts = admin.Facts(
        snapshot=lambda: router.snapshot,
        metrics=functools.partial(metrics.render, counts),
        complaint=lambda: "the route table is no longer followed" if source.done() else "",
    )
    admin_port = admin.Admin(facts)
    try:
        await admin_port.listen(chosen.host, chosen.admin_port)
    except OSError as exc:
        settings.refuse(
            f"--admin-port: can't listen on {chosen.host} port {chosen.admin_port}: {_reason(exc)}"
        )
    return admin_port


def _log_unexpected_end(source: asyncio.Task[None]) -> None:
    if not source.cancelled() and (error := source.exception()) is not None:
        log.critical("the route table is no longer followed; what is known still serves", exc_info=error)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
