"""Does an observed object still carry what was set? Pure: the caller reads, and writes what must be put
back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """``path`` as in ``spec.template.spec.containers[0].image``; ``is_addition``: somebody added what was
    not set."""

    path: str
    is_addition: bool


def find(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every way in which ``observed`` differs from what ``desired`` sets; nothing for what the API server
    fills in."""
    raise NotImplementedError


def needs_replace(differences: tuple[Difference, ...]) -> bool:
    """Whether only a full replace mends them: server-side apply does not take away what somebody else
    added."""
    return any(item.is_addition or item.path.startswith("spec.template") for item in differences)
