"""What only the leader does: work on endpoints, look at all of them now and then, hear the routers."""

import asyncio
import logging
from collections.abc import Callable

from endpoint_operator.cluster import client, errors, kinds, observe
from endpoint_operator.reconcile import acknowledgements, config_users
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.reconcile.queue import KeyedQueue

logger = logging.getLogger(__name__)

CHILD_DELAY = 0.05
"""Seconds that a child's event waits for its siblings': pods and Deployments change in bursts."""

RETRY_SECONDS = 2.0
"""Seconds until a listing of all endpoints that failed is tried again."""


class Leader:
    """Brings events to the queue, and runs the queue while this process leads."""

    def __init__(
        self,
        cluster: client.Client,
        queue: KeyedQueue[Key],
        routers: acknowledgements.Acknowledgements,
        *,
        namespace: str,
        resync_seconds: float,
        spread: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._queue = queue
        self._routers = routers
        self._namespace = namespace
        self._resync_seconds = resync_seconds
        self._spread = spread
        self._config_users = config_users.ConfigUsers()

    async def lead(self) -> None:
        """Work until cancelled; then nothing is being worked on any more."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._queue.run(), name="queue")
                group.create_task(self._resync(), name="resync")
        finally:
            await self._routers.stop()

    def endpoint_changed(self, key: Key, *, config_name: str, is_deleted: bool) -> None:
        """An Endpoint was seen, changed or deleted."""
        if is_deleted:
            self._config_users.forget(key)
        else:
            self._config_users.note(key, config_name)
        self._queue.add(key)

    def config_changed(self, config: Key) -> None:
        """An EndpointConfig was seen, changed or deleted: its users have work."""
        for key in self._config_users.users(config):
            self._queue.add(key)

    def child_changed(self, endpoint: Key) -> None:
        """An object of ``endpoint`` was seen, changed or deleted."""
        self._queue.add(endpoint, CHILD_DELAY)

    async def _resync(self) -> None:
        is_first = True
        while True:
            listed = await self._list()
            for item in listed or ():
                key = Key(item["metadata"]["namespace"], item["metadata"]["name"])
                config_name = str((item.get("spec") or {}).get("endpointConfigName") or "")
                self._config_users.note(key, config_name)
                # At first at once; later spread out, so that the API server sees no wave.
                self._queue.add(key, 0.0 if is_first else self._spread() * self._resync_seconds / 2)
            is_first = is_first and listed is None
            await asyncio.sleep(RETRY_SECONDS if listed is None else self._resync_seconds)

    async def _list(self) -> list[client.Object] | None:
        try:
            return await observe.endpoints(self._cluster, self._namespace)
        except errors.NotFoundError:
            logger.warning(
                "the API server does not know %s.%s: apply the CRDs (kubectl apply -f crds/)",
                kinds.ENDPOINT.plural,
                kinds.ENDPOINT.group,
            )
        except errors.ClusterError as exc:
            logger.warning("the endpoints could not be listed: %s", exc)
        return None
