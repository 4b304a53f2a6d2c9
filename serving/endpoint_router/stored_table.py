"""The last table and addresses in a file, so that a restarted router serves while the API does not answer.

The file lies in an emptyDir: it outlives the container and ends with the pod.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from endpoint_contract import route_table
from endpoint_router import routing

FILE_NAME = "last-route-table.json"
_VERSION = 1


class StoredTableError(Exception):
    """There is no usable stored table, or it can't be written; the message says why."""


def save(path: Path, snapshot: routing.Snapshot) -> None:
    """Replace the file whole: a router killed meanwhile leaves the former one. Raises StoredTableError."""
    document = {
        "version": _VERSION,
        "table": json.loads(route_table.render(snapshot.table)),
        "addresses": {
            service: {"ready": found.ready, "terminating": found.terminating}
            for service, found in snapshot.addresses.items()
        },
    }
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.write_text(json.dumps(document), encoding="utf-8")
        unfinished.replace(path)
    except OSError as exc:
        raise StoredTableError(f"can't write {path}: {exc.strerror}") from exc


def load(path: Path) -> routing.Snapshot:
    """What `save` wrote last. Raises StoredTableError."""
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != _VERSION:
            raise StoredTableError(f"{path}: of version {document['version']!r}, not {_VERSION}")
        return routing.Snapshot(
            table=route_table.from_document(document["table"]),
            addresses={str(service): _addresses(found) for service, found in document["addresses"].items()},
        )
    except OSError as exc:
        raise StoredTableError(f"can't read {path}: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise StoredTableError(f"{path}: not a stored table: {exc}") from exc


def _addresses(found: Mapping[str, list[str]]) -> routing.Addresses:
    return routing.Addresses(ready=tuple(found["ready"]), terminating=tuple(found["terminating"]))
