"""One look at an endpoint: the Endpoint, its config and all of its children, all read at the same time.

The Endpoint, its config and the route table are always read as they are at this moment: they say what is asked
for, what serves and what routers may use. The rest comes from a cache that may be behind, which is safe for all
that can be put right later: the event that is still to come brings the endpoint back; what is missed though it is
there is found again by its taken name, what is seen though it is gone is refused by its uid, and what is seen in
an older version by that version. Moving requests to pods that a cache still calls ready, or deleting what a
router that it does not know yet uses, could not be put right: for those the reconcile page looks again, live.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from endpoint_operator.cluster import client, errors, kinds
from endpoint_operator.desired import labels, names, owner

Named = Mapping[str, client.Object]
"""Objects of one kind by name."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What the API server has, as decoded JSON. ``config`` is None when there is no such EndpointConfig.

    ``children`` holds, by kind, only what this very Endpoint controls, and the pods that carry its labels.
    """

    endpoint: client.Object
    config: client.Object | None
    children: Mapping[kinds.Kind, Named]

    def of(self, kind: kinds.Kind) -> Named:
        """The children of one kind by name."""
        return self.children.get(kind, {})


async def endpoint(cluster: client.Client, namespace: str, name: str, *, is_live: bool = False) -> Raw | None:
    """The endpoint, or None when it is gone; with ``is_live`` nothing of it is behind. Raises ClusterError."""
    selector = labels.selector(name)
    found, table, lists = await asyncio.gather(
        _endpoint_and_config(cluster, namespace, name),
        _get(cluster, kinds.CONFIG_MAP.path(namespace, names.routes(name))),
        asyncio.gather(
            *(_list(cluster, kind, namespace, selector, is_live=is_live) for kind in kinds.CHILDREN)
        ),
    )
    if found is None:
        return None
    raw, config = found
    uid = owner.Owner(name=name, namespace=namespace, uid=raw["metadata"]["uid"])
    children = {
        kind: {item["metadata"]["name"]: item for item in items if kind is kinds.POD or owner.owns(uid, item)}
        for kind, items in zip(kinds.CHILDREN, lists, strict=True)
    }
    children[kinds.CONFIG_MAP].pop(names.routes(name), None)
    if table is not None and owner.owns(uid, table):
        children[kinds.CONFIG_MAP][names.routes(name)] = table
    return Raw(endpoint=raw, config=config, children=children)


async def _endpoint_and_config(
    cluster: client.Client, namespace: str, name: str
) -> tuple[client.Object, client.Object | None] | None:
    raw = await _get(cluster, kinds.ENDPOINT.path(namespace, name))
    if raw is None:
        return None
    config_name = (raw.get("spec") or {}).get("endpointConfigName")
    if not isinstance(config_name, str) or not config_name:
        return raw, None
    return raw, await _get(cluster, kinds.ENDPOINT_CONFIG.path(namespace, config_name))


async def _list(
    cluster: client.Client, kind: kinds.Kind, namespace: str, selector: str, *, is_live: bool
) -> list[client.Object]:
    # Items of a list come without the kind that the same object has when it is read alone.
    items = await cluster.items(kind.path(namespace), selector=selector, is_live=is_live)
    return [{**item, "apiVersion": kind.api_version, "kind": kind.name} for item in items]


async def _get(cluster: client.Client, path: str) -> client.Object | None:
    try:
        return await cluster.get(path)
    except errors.NotFoundError:
        return None


async def endpoints(cluster: client.Client, namespace: str) -> list[client.Object]:
    """All Endpoints of ``namespace``, or of the cluster when it is empty."""
    return await cluster.items(kinds.ENDPOINT.path(namespace))
