"""The router put together: a source of snapshots, the proxy that applies them, two ports, and the way out."""

import asyncio
import contextlib
import functools
import gc
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from endpoint_contract import route_table
from endpoint_router import (
    admin,
    data_port,
    drain,
    metrics,
    routing,
    settings,
    stored_table,
    workers,
)
from endpoint_router.route_table_source import api_server, changes, file, kubernetes
from http_protocol import server
from process_group import process_metrics

log = logging.getLogger(__name__)

CONFIG_MAP_SUFFIX = "-routes"

OnSnapshot = Callable[[routing.Snapshot], None]


async def run(chosen: settings.Settings, workforce: workers.Workforce | None = None) -> None:
    """Serve until a signal ends it. Raises SystemExit(2), after one line, when a setting can't be met.

    Requests are handled by the ``workforce``, or here when there is none.
    """
    if workforce is not None:
        staff = workers.Workers(workforce)
        await _run(chosen, staff, functools.partial(_render_of_workers, staff))
    else:
        alone = data_port.InProcess(chosen)
        await _run(chosen, alone, lambda: metrics.render(alone.counts, metrics.of_process()))


async def _run(chosen: settings.Settings, data: data_port.DataPort, render: Callable[[], bytes]) -> None:
    follow = _source(chosen, _Use(data))
    await _listen_for_requests(data, chosen)
    leaving = drain.Drain(data.drain, announce_seconds=chosen.announce_seconds)
    leaving.listen(asyncio.get_running_loop())
    source = asyncio.create_task(follow(), name="route table source")
    source.add_done_callback(_log_unexpected_end)
    admin_port = await _listen_for_questions(data, render, source, chosen)
    log.info(
        "listening on %s, requests at %d, admin at %d; the modules for requests are %s",
        chosen.host, data.port, admin_port.port, "compiled" if server.IS_COMPILED else "plain Python",
    )  # fmt: skip
    # What start-up made stays for ever: without this, collecting garbage stops all requests for 30 ms at times.
    gc.freeze()
    await leaving.until_end()
    await leaving.finish(data, chosen.finish_seconds)
    # The admin port stays to the last: the operator also asks routers that are leaving.
    source.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await source
    await data.end()
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


class _Use:
    """Hands on each snapshot, and logs what it changes."""

    def __init__(self, data: data_port.DataPort) -> None:
        self._data = data
        self._before: routing.Snapshot | None = None

    def __call__(self, snapshot: routing.Snapshot) -> None:
        self._data.use(snapshot)
        change = changes.describe(self._before, snapshot)
        log.info("route table revision %d: %s", snapshot.table.revision, change)
        self._before = snapshot


async def _listen_for_requests(data: data_port.DataPort, chosen: settings.Settings) -> None:
    try:
        await data.listen(chosen.host, chosen.port)
    except OSError as exc:
        settings.refuse(f"--port: can't listen on {chosen.host} port {chosen.port}: {settings.reason(exc)}")


async def _listen_for_questions(
    data: data_port.DataPort,
    render: Callable[[], bytes],
    source: asyncio.Task[None],
    chosen: settings.Settings,
) -> admin.Admin:
    facts = admin.Facts(
        report=data.report,
        metrics=render,
        complaint=lambda: "the route table is no longer followed" if source.done() else data.complaint(),
    )
    admin_port = admin.Admin(facts)
    try:
        await admin_port.listen(chosen.host, chosen.admin_port)
    except OSError as exc:
        settings.refuse(
            f"--admin-port: can't listen on {chosen.host} port {chosen.admin_port}: {settings.reason(exc)}"
        )
    return admin_port


def _render_of_workers(staff: workers.Workers) -> bytes:
    return metrics.render(
        staff.counts(),
        process_metrics.GroupCollector(staff.board),
        metrics.OfWorkers(staff.running(), staff.restarts),
    )


def _log_unexpected_end(source: asyncio.Task[None]) -> None:
    if not source.cancelled() and (error := source.exception()) is not None:
        log.critical("the route table is no longer followed; what is known still serves", exc_info=error)
