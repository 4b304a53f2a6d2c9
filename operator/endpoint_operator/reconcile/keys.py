"""Which Endpoint: the key of the queue and of everything that is remembered per Endpoint."""

from typing import NamedTuple


class Key(NamedTuple):
    """An object's namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
