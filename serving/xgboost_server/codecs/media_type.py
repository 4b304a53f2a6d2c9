"""Media types as Content-Type and Accept carry them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaType:
    """``name`` and parameter names are in lower case, values without quotes."""

    name: str
    parameters: Mapping[str, str]

    @property
    def quality(self) -> float:
        """The parameter ``q``: how much a client wants this type, 0..1; 1 when absent or no number."""
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 1.0


def parse(value: str) -> MediaType:
    """The media type in a header's value: ``text/csv; label_size=1``."""
    name, *rest = value.split(";")
    pairs = (part.partition("=") for part in rest if "=" in part)
    parameters = {key.strip().lower(): text.strip().strip('"') for key, _, text in pairs}
    return MediaType(name=name.strip().lower(), parameters=parameters)


def preferences(accept: str) -> list[MediaType]:
    """The types of an Accept header, the most wanted first, unwanted ones (``q=0``) left out."""
    types = [parse(part) for part in accept.split(",") if part.strip()]
    return sorted((item for item in types if item.quality > 0), key=lambda item: -item.quality)


def covers(accepted: str, name: str) -> bool:
    """Whether ``name`` is among what a client accepts: itself, ``text/*``, ``*/*``; no name at all is anything."""
    return accepted in (name, "*/*", "") or (accepted.endswith("/*") and name.startswith(accepted[:-1]))
