"""The operator put together: builds the parts, joins them, and runs them until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator

from kubernetes.aio.client.configuration import Configuration

from endpoint_operator import settings as process_settings
from endpoint_operator.cluster import client, crds, kinds, lease, routers
from endpoint_operator.desired.defaults import Defaults, Resources
from endpoint_operator.handlers import events, web
from endpoint_operator.reconcile import acknowledgements, endpoint, leader, metrics
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.queue import KeyedQueue

logger = logging.getLogger("endpoint_operator")


class Operator:
    """The parts of one process, joined. `run` competes for the lead and does the leader's work."""

    def __init__(self, settings: process_settings.Settings, api: Configuration) -> None:
        self._settings = settings
        self._numbers = metrics.Metrics()
        self._cluster = client.Client(api)
        self._asker = routers.Asker()
        self._routers = acknowledgements.Acknowledgements(self._asker, self._look_again, clock=time.time)
        self._queue = KeyedQueue[Key](
            self._reconciler().work,
            concurrency=settings.workers,
            clock=time.monotonic,
            chance=random.random,
        )
        self._leader = leader.Leader(
            self._cluster,
            self._queue,
            self._routers,
            namespace=settings.watch_namespace,
            resync_seconds=settings.resync_seconds,
            spread=random.random,
        )
        self._elector = lease.Elector(
            self._cluster,
            namespace=settings.namespace,
            name=settings.lease_name,
            identity=settings.identity,
            clock=time.monotonic,
            owners=[lease.pod_owner(settings.identity, settings.pod_uid)] if settings.pod_uid else [],
        )
        self._watcher = events.Watcher(
            namespace=settings.watch_namespace,
            deliver=self._deliver,
            api=api,
            is_served=self._are_crds_served,
        )
        self._task: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``; a part that ends by itself ends the process, with its exception."""
        async with self._web():
            self._task = asyncio.create_task(self._elector.run(self._lead), name="elector")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            await asyncio.wait((self._task, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            is_asked = stop.is_set()
            # The workers stop, then the Lease is given back, and only then all else goes.
            self._task.cancel()
            await asyncio.wait((self._task,))
            await self._watcher.stop()
            await self._asker.close()
            await self._cluster.close()
        if not is_asked and not self._task.cancelled():
            self._task.result()

    async def _lead(self) -> None:
        self._numbers.set_leading(True)
        try:
            self._watcher.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._leader.lead(), name="leader")
                group.create_task(crds.tell_of_outdated(self._cluster), name="crds")
        finally:
            self._numbers.set_leading(False)
            self._numbers.forget_endpoints()

    def _reconciler(self) -> endpoint.Reconciler:
        settings = self._settings
        defaults = Defaults(
            router_image=settings.router_image,
            loader_image=settings.loader_image,
            model_image=settings.model_image,
            image_pull_policy=settings.image_pull_policy,
            router_resources=Resources(**settings.router_resources),
            loader_resources=Resources(**settings.loader_resources),
            loader_cache_host_path=settings.loader_cache_host_path,
            loader_cache_size=settings.loader_cache_size,
        )
        return endpoint.Reconciler(
            self._cluster,
            self._routers,
            endpoint.Installation(defaults=defaults, drain_seconds=settings.drain_seconds),
            numbers=self._numbers,
            clock=time.monotonic,
            now=time.time,
        )

    def _look_again(self, key: Key) -> None:
        self._queue.add(key)

    def _deliver(self, change: events.Change) -> None:
        key = Key(change.namespace, change.name)
        if change.kind is kinds.ENDPOINT:
            self._leader.endpoint_changed(key, config_name=change.config_name, is_deleted=change.is_deleted)
        elif change.kind is kinds.ENDPOINT_CONFIG:
            self._leader.config_changed(key)
        elif change.endpoint:
            self._leader.child_changed(Key(change.namespace, change.endpoint))

    async def _are_crds_served(self) -> bool:
        return await crds.are_served(self._cluster)

    @contextlib.asynccontextmanager
    async def _web(self) -> AsyncIterator[None]:
        app = web.application(alive=self._ailment, ready=self._unreadiness, registry=self._numbers.registry)
        runner = await web.serve(app, self._settings.http_host, self._settings.http_port)
        try:
            yield
        finally:
            await runner.cleanup()

    def _ailment(self) -> str:
        """What is wrong with this process; the API server's troubles are not ours."""
        if self._task is not None and self._task.done():
            return "the elector has ended"
        return "" if self._watcher.is_alive else "the watcher has ended"

    def _unreadiness(self) -> str:
        return "" if self._elector.has_answer else "the API server has not answered yet"


async def serve(settings: process_settings.Settings) -> int:
    """Run until SIGTERM or SIGINT. Answers the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        operator = Operator(settings, await client.configuration(os.environ.get("KUBECONFIG")))
        scope = settings.watch_namespace or "the whole cluster"
        logger.info("serving the endpoints of %s as %s", scope, settings.identity)
        await operator.run(stop)
    except (client.CredentialsError, OSError) as exc:
        sys.stderr.write(f"endpoint-operator: {exc}\n")
        return 1
    return 0
