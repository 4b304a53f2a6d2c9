"""Events about an Endpoint, as ``kubectl describe`` shows them: one object per thing said, counted when
repeated."""

import datetime
import hashlib
import logging

from endpoint_contract import labels
from endpoint_operator.cluster import client, errors, kinds

logger = logging.getLogger(__name__)

MESSAGE_LIMIT = 1024
"""Characters of a message that the API server takes."""


async def post(
    cluster: client.Client,
    endpoint: client.Object,
    *,
    type_: str,
    reason: str,
    message: str,
    now: datetime.datetime,
) -> None:
    """Say ``message`` about ``endpoint``; said before, its count goes up. A failure is logged only: events
    are a courtesy, and the status says the same."""
    event = _rendered(endpoint, type_=type_, reason=reason, message=message[:MESSAGE_LIMIT], now=now)
    path = kinds.EVENT.path(event["metadata"]["namespace"])
    try:
        await cluster.create(path, event)
    except errors.AlreadyExistsError:
        await _count(cluster, f"{path}/{event['metadata']['name']}", now)
    except errors.ClusterError as exc:
        logger.warning("an event could not be posted: %s", exc)


async def _count(cluster: client.Client, path: str, now: datetime.datetime) -> None:
    try:
        found = await cluster.get(path)
        await cluster.merge(path, {"count": int(found.get("count") or 1) + 1, "lastTimestamp": _instant(now)})
    except errors.ClusterError as exc:
        logger.warning("an event could not be counted: %s", exc)


def _rendered(
    endpoint: client.Object, *, type_: str, reason: str, message: str, now: datetime.datetime
) -> client.Object:
    about = endpoint["metadata"]
    said = hashlib.sha256(f"{about['uid']}\n{type_}\n{reason}\n{message}".encode()).hexdigest()[:16]
    return {
        "apiVersion": kinds.EVENT.api_version,
        "kind": kinds.EVENT.name,
        "metadata": {"name": f"{about['name']}.{said}", "namespace": about["namespace"]},
        "involvedObject": {
            "apiVersion": kinds.ENDPOINT.api_version,
            "kind": kinds.ENDPOINT.name,
            "namespace": about["namespace"],
            "name": about["name"],
            "uid": about["uid"],
        },
        "type": type_,
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": _instant(now),
        "lastTimestamp": _instant(now),
        "source": {"component": labels.MANAGER},
        "reportingComponent": labels.MANAGER,
    }


def _instant(now: datetime.datetime) -> str:
    return now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
