"""The last table and addresses in a file, so that a restarted router serves while the API does not answer.

The file lies in an emptyDir: it outlives the container and ends with the pod.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from endpoint_contract import route_table
from endpoint_router import routing

FILE_NAME = "last-route-table.json"
_VERSION = 1


class StoredTableError(Exception):
    """There is no usable stored table, or it can't be written; the message says why."""


def save(path: Path, snapshot: routing.Snapshot) -> None:
    """Replace the file whole: a router killed meanwhile leaves the former one. Raises StoredTableError."""
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.write_text(json.dumps(to_document(snapshot)), encoding="utf-8")
        unfinished.replace(path)
    except OSError as exc:
        raise StoredTableError(f"can't write {path}: {exc.strerror}") from exc


def load(path: Path) -> routing.Snapshot:
    """What `save` wrote last. Raises StoredTableError."""
    try:
        return from_document(json.loads(path.read_bytes()))
    except OSError as exc:
        raise StoredTableError(f"can't read {path}: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise StoredTableError(f"{path}: not a stored table: {exc}") from exc


def to_document(snapshot: routing.Snapshot) -> dict[str, Any]:
    """The snapshot as a JSON object."""
    return {
        "version": _VERSION,
        "table": json.loads(route_table.render(snapshot.table)),
        "addresses": {
            service: {"ready": found.ready, "terminating": found.terminating}
            for service, found in snapshot.addresses.items()
        },
    }


def from_document(document: Mapping[str, Any]) -> routing.Snapshot:
    """The snapshot in a JSON object. Raises ValueError, KeyError, TypeError or AttributeError."""
    if document["version"] != _VERSION:
        raise ValueError(f"of version {document['version']!r}, not {_VERSION}")
    return routing.Snapshot(
        table=route_table.from_document(document["table"]),
        addresses={str(service): _addresses(found) for service, found in document["addresses"].items()},
    )


def _addresses(found: Mapping[str, list[str]]) -> routing.Addresses:
    return routing.Addresses(ready=tuple(found["ready"]), terminating=tuple(found["terminating"]))
