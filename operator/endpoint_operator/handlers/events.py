"""kopf's part: it watches the API and delivers events, in a thread and an event loop of its own.

1. Only ``on.event`` handlers: no finalizer, no annotation, no patch, no posted event ever comes from kopf.
2. Its own thread, because kopf cancels every task of its loop that was started after it when it ends.
3. It ends on any answer that it does not expect; then it is started again, and lists everything anew.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import kopf
from kubernetes.aio.client.configuration import Configuration

from endpoint_contract import labels
from endpoint_operator.cluster import kinds
from endpoint_operator.handlers import ending

logger = logging.getLogger(__name__)

RESTART_AFTER = 2.0
"""Seconds until kopf is started again after it ended."""


@dataclass(frozen=True, slots=True)
class Change:
    """An object of ``kind`` was listed, added, changed or deleted; ``endpoint`` is whose child it is, if it
    is one."""

    kind: kinds.Kind
    namespace: str
    name: str
    endpoint: str
    is_deleted: bool
    config_name: str


Deliver = Callable[[Change], None]
IsServed = Callable[[], Coroutine[Any, Any, bool]]


def change(kind: kinds.Kind, event: Mapping[str, Any]) -> Change:
    """What a raw watch event says."""
    body = event["object"]
    metadata = body.get("metadata") or {}
    return Change(
        kind=kind,
        namespace=metadata.get("namespace", ""),
        name=metadata.get("name", ""),
        endpoint=(metadata.get("labels") or {}).get(labels.ENDPOINT, ""),
        is_deleted=event.get("type") == "DELETED",
        config_name=str((body.get("spec") or {}).get("endpointConfigName") or ""),
    )


async def connection(api: Configuration) -> kopf.ConnectionInfo:
    """The client's way to the API server, for kopf; asked for again when its token is refused."""
    token = (await api.auth_settings()).get("BearerToken")
    scheme, _, value = str(token["value"]).partition(" ") if token else ("", "", "")
    return kopf.ConnectionInfo(
        server=api.host,
        ca_path=api.ssl_ca_cert,
        ca_data=api.ca_cert_data,
        insecure=not api.verify_ssl,
        certificate_path=api.cert_file,
        private_key_path=api.key_file,
        scheme=scheme or None,
        token=value or None,
        proxy_url=api.proxy,
    )


def registry(deliver: Deliver, api: Configuration) -> kopf.OperatorRegistry:
    """The handlers: one per watched kind, and the login that shares the client's credentials."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers, id="credentials", retries=3, backoff=1)
    async def login(**_: Any) -> kopf.ConnectionInfo:
        return await connection(api)

    for kind in (kinds.ENDPOINT, kinds.ENDPOINT_CONFIG, *kinds.CHILDREN):
        _watch(handlers, kind, deliver)
    return handlers


def _watch(handlers: kopf.OperatorRegistry, kind: kinds.Kind, deliver: Deliver) -> None:
    @kopf.on.event(
        group=kind.group, version=kind.version, plural=kind.plural, id=kind.plural, registry=handlers
    )
    async def seen(event: Any, **_: Any) -> None:
        deliver(change(kind, event))


def operator_settings() -> kopf.OperatorSettings:
    """kopf, kept to watching; see the traps that each line avoids."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    # Neither namespaces nor CRDs are listed: those rights are never asked for.
    settings.scanning.disabled = True
    # A stream that is silent, half open or behind a load balancer is replaced.
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = 70
    settings.watching.reconnect_backoff = 0.1
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    # A handler only hands an event over: nothing is worth waiting for at the end.
    settings.queueing.exit_timeout = 0.2
    # Short, so that an API server that is back is watched again at once; after a minute it is begun anew.
    settings.networking.error_backoffs = [0.5, 1.0, *[2.0] * 30]
    # We restart it ourselves; the default would kill the process ten minutes after it ended.
    settings.process.ultimate_exiting_timeout = None
    for kind in kinds.CHILDREN:
        selector = f"{labels.MANAGED_BY}={labels.MANAGER},{labels.ENDPOINT}"
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = selector
    return settings


class Watcher:
    """kopf in its thread. ``deliver`` and ``is_served`` are called in the loop that called `start`.

    ``is_served`` says whether the API server knows our kinds: kopf would wait for ever for unknown ones.
    """

    def __init__(self, *, namespace: str, deliver: Deliver, api: Configuration, is_served: IsServed) -> None:
        self._namespace = namespace
        self._deliver = deliver
        self._api = api
        self._is_served = is_served
        self._is_stopping = threading.Event()
        # kopf's loop and its stop flag, while it runs.
        self._inner: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch; does nothing when it was begun already."""
        if self._thread is None:
            outer = asyncio.get_running_loop()
            handlers = registry(lambda item: _hand_over(outer, self._deliver, item), self._api)
            self._thread = threading.Thread(
                target=self._run, args=(handlers, outer), name="kopf", daemon=True
            )
            self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread does its work, or was never begun."""
        return self._thread is None or self._thread.is_alive()

    async def stop(self, timeout: float = 5.0) -> None:
        """End the thread, waiting ``timeout`` seconds at most."""
        self._is_stopping.set()
        if self._inner is not None:
            loop, flag = self._inner
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(flag.set)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, timeout)

    def _run(self, handlers: kopf.OperatorRegistry, outer: asyncio.AbstractEventLoop) -> None:
        while not self._is_stopping.is_set():
            try:
                served = asyncio.run_coroutine_threadsafe(self._is_served(), outer)
                if served.result(timeout=30):
                    asyncio.run(self._watch_once(handlers))
            except Exception as exc:  # noqa: BLE001
                # An answer that kopf does not expect, such as 403 or 404, ends it; the cause may pass.
                logger.warning("watching the API ended: %s; begun again in %g s", exc, RESTART_AFTER)
            self._is_stopping.wait(RESTART_AFTER)

    async def _watch_once(self, handlers: kopf.OperatorRegistry) -> None:
        flag = asyncio.Event()
        self._inner = (asyncio.get_running_loop(), flag)
        if self._is_stopping.is_set():
            # `stop` came between two runs and found no flag to set.
            flag.set()
        try:
            others = asyncio.all_tasks()
            tasks = await kopf.spawn_tasks(
                registry=handlers,
                settings=operator_settings(),
                clusterwide=not self._namespace,
                namespaces=[self._namespace] if self._namespace else [],
                standalone=True,
                # Unused when standalone, but kopf would look up the user's name, which a container's user has not.
                identity="pointsman",  # type: ignore[arg-type]  # a NewType of str that kopf keeps private
                stop_flag=flag,
            )
            await ending.run(tasks, others=others)
        finally:
            self._inner = None


def _hand_over(loop: asyncio.AbstractEventLoop, deliver: Deliver, item: Change) -> None:
    try:
        loop.call_soon_threadsafe(deliver, item)
    except RuntimeError:
        # The process is on its way out: its loop is closed.
        logger.debug("an event came too late: %s", item)
