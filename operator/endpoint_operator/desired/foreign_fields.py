"""Which fields somebody else added to an object of ours, by the API server's own record of who wrote what.

So a default that a later Kubernetes fills in is never mistaken for somebody's edit. Only the parts of an object
are looked at that are ours alone; elsewhere anybody may add what they like.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from endpoint_contract import labels as words

Path = tuple[str | int, ...]

_OURS_ALONE: Mapping[str, Path] = {"Deployment": ("spec", "template"), "Service": ("spec", "selector")}

_SERVER_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "apiVersion": ("v1",),
    "defaultMode": (420,),
    "dnsPolicy": ("ClusterFirst",),
    "failureThreshold": (3,),
    "imagePullPolicy": ("Always", "IfNotPresent"),
    "periodSeconds": (10,),
    "protocol": ("TCP",),
    "resources": ({},),
    "restartPolicy": ("Always",),
    "schedulerName": ("default-scheduler",),
    "scheme": ("HTTP",),
    "securityContext": ({},),
    "successThreshold": (1,),
    "terminationMessagePath": ("/dev/termination-log",),
    "timeoutSeconds": (1,),
}
"""Fields that come back with these values when they are taken away: who wrote them does not matter."""

_COPIES = ("serviceAccount",)
"""Fields that the server derives from others."""


def find(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> Iterator[Path]:
    """The paths of fields that others wrote in our parts of ``observed`` and that ``desired`` does not have."""
    root = _OURS_ALONE.get(str(desired.get("kind")))
    if root is None:
        return
    for entry in observed.get("metadata", {}).get("managedFields") or ():
        tree = _below(entry.get("fieldsV1") or {}, root)
        if entry.get("manager") != words.MANAGER and tree is not None:
            yield from _inside(tree, _at(desired, root), _at(observed, root), root)


def _below(tree: Mapping[str, Any], root: Path) -> Mapping[str, Any] | None:
    below: Mapping[str, Any] | None = tree
    for part in root:
        below = None if below is None else below.get(f"f:{part}")
    return below


def _at(value: Any, root: Path) -> Any:
    for part in root:
        value = value.get(part, {})
    return value


def _inside(tree: Mapping[str, Any], desired: Any, observed: Any, path: Path) -> Iterator[Path]:
    return _walk(tree, desired, observed, path) if tree else _atomic(desired, observed, path)


def _walk(tree: Mapping[str, Any], desired: Any, observed: Any, path: Path) -> Iterator[Path]:
    for key, subtree in tree.items():
        kind, _, rest = key.partition(":")
        if kind == "f" and isinstance(observed, Mapping):
            yield from _field(rest, subtree, desired, observed, path)
        elif kind == "k" and isinstance(observed, list):
            yield from _element(json.loads(rest), subtree, desired, observed, path)
        elif kind == "v" and json.loads(rest) not in (desired or ()):
            yield path


def _field(
    name: str,
    subtree: Mapping[str, Any],
    desired: Any,
    observed: Mapping[str, Any],
    path: Path,
) -> Iterator[Path]:
    here = (*path, name)
    if isinstance(desired, Mapping) and name in desired:
        yield from _inside(subtree, desired[name], observed.get(name), here)
    elif name in observed and name not in _COPIES and observed[name] not in _SERVER_DEFAULTS.get(name, ()):
        yield here


def _atomic(desired: Any, observed: Any, path: Path) -> Iterator[Path]:
    """A map with one writer for all of it, such as a selector: who added which key is not recorded."""
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        added = observed.keys() - desired.keys()
        yield from (
            (*path, key) for key in sorted(added) if observed[key] not in _SERVER_DEFAULTS.get(key, ())
        )


def _element(
    keys: Mapping[str, Any],
    subtree: Mapping[str, Any],
    desired: Any,
    observed: list[Any],
    path: Path,
) -> Iterator[Path]:
    index = _index(keys, observed)
    if index is None:
        return
    wanted = _index(keys, desired if isinstance(desired, list | tuple) else ())
    if wanted is None:
        yield (*path, index)
    else:
        yield from _inside(subtree, desired[wanted], observed[index], (*path, index))


def _index(keys: Mapping[str, Any], items: Any) -> int | None:
    for index, item in enumerate(items):
        if all(item.get(name) == value for name, value in keys.items()):
            return index
    return None
