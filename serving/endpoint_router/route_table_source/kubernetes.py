"""The table of the endpoint's ConfigMap, the addresses of its EndpointSlices: two independent watches.

Neither waits for the other, and neither is ever forgotten: a ConfigMap that is deleted or does not parse
leaves the last table, an API that does not answer leaves both. What was handed on last is stored on disk.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from endpoint_contract import labels, route_table
from endpoint_router import routing, stored_table
from endpoint_router.route_table_source import api_server, slices, watch

STORED_AFTER_SECONDS = 2.0
"""How long the API may take at start before the stored table is used."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class KubernetesSource:
    """Calls ``on_snapshot`` once table and addresses are both known, and then at every change of one."""

    server: api_server.ApiServer
    endpoint: str
    config_map: str
    state_file: Path
    on_snapshot: Callable[[routing.Snapshot], None]
    timing: watch.Timing = field(default_factory=watch.Timing)
    stored_after: float = STORED_AFTER_SECONDS
    _table: route_table.RouteTable | None = field(default=None, init=False)
    _addresses: Mapping[str, routing.Addresses] | None = field(default=None, init=False)
    _latest: routing.Snapshot | None = field(default=None, init=False)
    _text: str | None = field(default=None, init=False)
    _to_store: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Follow both until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._table_watch().run(), name="route table watch")
            tasks.create_task(self._slices_watch().run(), name="endpoint slices watch")
            tasks.create_task(self._use_stored_if_late(), name="stored table")
            tasks.create_task(self._store_changes(), name="storing the table")

    def _table_watch(self) -> watch.Collection[str | None]:
        selection = watch.Selection(
            path=f"/api/v1/namespaces/{self.server.namespace}/configmaps",
            # The Role grants this one object, and admits a list and a watch only if they select it so.
            query={"fieldSelector": f"metadata.name={self.config_map}"},
            decode=_table_text,
        )
        return watch.Collection(self.server, selection, self._on_config_maps, self.timing)

    def _slices_watch(self) -> watch.Collection[slices.EndpointSlice]:
        selection = watch.Selection(
            path=f"/apis/discovery.k8s.io/v1/namespaces/{self.server.namespace}/endpointslices",
            query={"labelSelector": f"{labels.ENDPOINT}={self.endpoint}"},
            decode=slices.decode,
        )
        return watch.Collection(self.server, selection, self._on_slices, self.timing)

    def _on_config_maps(self, items: Mapping[str, str | None]) -> None:
        text = items.get(self.config_map)
        if text == self._text:
            return
        self._text = text
        if text is None:
            log.warning(
                "ConfigMap %s has no %s; the table stays", self.config_map, route_table.CONFIG_MAP_KEY
            )
            return
        try:
            self._table = self._parse(text)
        except route_table.RouteTableError as exc:
            log.warning("ConfigMap %s is refused, the table stays: %s", self.config_map, exc)
            return
        self._hand_on()

    def _parse(self, text: str) -> route_table.RouteTable:
        table = route_table.parse(text)
        if table.endpoint != self.endpoint:
            raise route_table.RouteTableError(f"endpoint: must be {self.endpoint!r}, got {table.endpoint!r}")
        return table

    def _on_slices(self, items: Mapping[str, slices.EndpointSlice]) -> None:
        addresses = slices.addresses(items.values())
        if addresses != self._addresses:
            self._addresses = addresses
            self._hand_on()

    def _hand_on(self) -> None:
        if self._table is not None and self._addresses is not None:
            self._latest = routing.Snapshot(self._table, self._addresses)
            self.on_snapshot(self._latest)
            self._to_store.set()

    async def _use_stored_if_late(self) -> None:
        await asyncio.sleep(self.stored_after)
        if self._latest is not None:
            return
        try:
            stored = stored_table.load(self.state_file)
        except stored_table.StoredTableError as exc:
            log.warning("the API gives no table yet, and there is no stored one: %s", exc)
            return
        if stored.table.endpoint != self.endpoint:
            log.warning("the stored table is of another endpoint, %s", stored.table.endpoint)
            return
        log.warning("the API gave no table in %g s: using the stored one", self.stored_after)
        # Each half on its own: what the API did deliver is newer.
        self._table = self._table or stored.table
        self._addresses = stored.addresses if self._addresses is None else self._addresses
        self._hand_on()

    async def _store_changes(self) -> None:
        complaint = ""
        while True:
            await self._to_store.wait()
            self._to_store.clear()
            assert self._latest is not None
            try:
                # In a thread: a slow disk must not hold up requests.
                await asyncio.to_thread(stored_table.save, self.state_file, self._latest)
                complaint = ""
            except stored_table.StoredTableError as exc:
                if str(exc) != complaint:
                    log.warning("a restart without the API would find no table: %s", exc)
                complaint = str(exc)


def _table_text(document: Mapping[str, Any]) -> str | None:
    text = (document.get("data") or {}).get(route_table.CONFIG_MAP_KEY)
    return None if text is None else str(text)
