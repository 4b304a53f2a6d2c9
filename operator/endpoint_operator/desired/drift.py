"""Does an observed object still carry what was set? Pure: the caller reads, and writes what must be put back.

What the API server fills in by itself is no difference. An added field counts where somebody else than us is
recorded as its writer (`foreign_fields`), an added element of a list counts always.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from endpoint_operator.desired import foreign_fields, quantities
from endpoint_operator.desired.foreign_fields import Path

_ABSENT: tuple[Any, ...] = (None, "", [], {}, ())
"""What the API server may leave out instead of storing it."""

_FALSE_WHEN_ABSENT = "publishNotReadyAddresses"
_QUANTITIES = ("requests", "limits")
_REPLICAS: Path = ("spec", "replicas")


@dataclass(frozen=True, slots=True)
class Difference:
    """``path`` as in ``spec.template.spec.containers[0].image``.

    ``is_addition``: somebody added what was not set, so that only a full replace takes it away again.
    """

    path: str
    is_addition: bool = False


def find(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every way in which ``observed`` differs from what ``desired`` sets; the number of replicas is no difference.

    Both are whole objects; ``observed`` is as the API server delivers it, ``metadata.managedFields`` included.
    """
    added = (Difference(_text(path), is_addition=True) for path in foreign_fields.find(desired, observed))
    return tuple(dict.fromkeys((*_map(desired, observed, ()), *added)))


def needs_replace(differences: Sequence[Difference]) -> bool:
    """Whether only a full replace mends them: server-side apply takes nothing away that somebody else added."""
    return any(item.is_addition or item.path.startswith("spec.template") for item in differences)


def _value(desired: Any, observed: Any, path: Path) -> Iterator[Difference]:
    if isinstance(desired, Mapping) and isinstance(observed, Mapping):
        yield from _map(desired, observed, path)
    elif isinstance(desired, list | tuple) and isinstance(observed, list):
        yield from _list(desired, observed, path)
    elif desired != observed and not (_is_quantity(path) and quantities.are_equal(desired, observed)):
        yield Difference(_text(path))


def _map(desired: Mapping[str, Any], observed: Mapping[str, Any], path: Path) -> Iterator[Difference]:
    for key, value in desired.items():
        here = (*path, key)
        if here == _REPLICAS:
            continue
        if key in observed:
            yield from _value(value, observed[key], here)
        elif value not in _ABSENT and not (key == _FALSE_WHEN_ABSENT and value is False):
            yield Difference(_text(here))


def _list(desired: Sequence[Any], observed: Sequence[Any], path: Path) -> Iterator[Difference]:
    if path == ("metadata", "ownerReferences"):
        # Others may own the object beside us; our own reference is told by its UID.
        by_uid = {entry.get("uid"): entry for entry in observed}
        for entry in desired:
            yield from _value(entry, by_uid.get(entry["uid"]), path)
        return
    for index, (one, other) in enumerate(zip(desired, observed, strict=False)):
        yield from _value(one, other, (*path, index))
    if len(desired) != len(observed):
        yield Difference(_text(path), is_addition=len(observed) > len(desired))


def _is_quantity(path: Path) -> bool:
    return len(path) > 1 and path[-2] in _QUANTITIES


def _text(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
