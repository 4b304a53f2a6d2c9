"""How a dataUrl names a file on a PersistentVolumeClaim: ``pvc://CLAIM/PATH``, as KServe writes it.

The operator mounts the claim in the model loader, which reads the path there; so both read the URL alike.
"""

import re
from dataclasses import dataclass

URL_PATTERN = r"pvc://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/+[^\s/][^\s]*"
"""The URLs that name a claim and a path, as a regular expression; claims are named like any object."""

_URL = re.compile(r"pvc://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)/+([^\s/][^\s]*)")


@dataclass(frozen=True, slots=True)
class ClaimedPath:
    """A path on a claim of the pod's own namespace; ``path`` is relative to the volume's top, as written."""

    claim: str
    path: str


def of(data_url: str) -> ClaimedPath | None:
    """The claim and path that a dataUrl names, None if it is no ``pvc://`` URL or names no path."""
    match = _URL.fullmatch(data_url)
    return ClaimedPath(claim=match[1], path=match[2]) if match else None
