"""The route table: which variants an endpoint has, their weights, and where each one's model servers are.

The operator writes it to a ConfigMap, routers read it from there or from a file. Unknown fields are
ignored; a table that does not parse is refused whole (`RouteTableError`).
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from endpoint_contract import variant_names

CONFIG_MAP_KEY = "routes.json"
VERSION = 1
MAX_VARIANTS = 20
"""Ten serve at most; while a config changes, ten coming ones may stand beside them."""


class RouteTableError(ValueError):
    """The document is no route table; the message names the field and what would be right."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where one revision of a variant is served: a headless Service, or fixed ``host:port`` addresses.

    ``weight`` says whether this revision takes the variant's requests (> 0) or is only being watched (0).
    Exactly one of ``service`` and ``addresses`` is set.
    """

    service: str | None = None
    addresses: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Variant:
    """A production variant and its weight, a share of the sum over all variants."""

    name: str
    weight: float
    backends: tuple[Backend, ...]

    @property
    def is_announced(self) -> bool:
        """Whether clients may know of it: a coming variant, all of whose backends weigh 0, is not there yet."""
        return any(backend.weight > 0 for backend in self.backends)


@dataclass(frozen=True, slots=True)
class RouteTable:
    """One state of an endpoint's routing. ``revision`` counts the operator's writes."""

    endpoint: str
    revision: int
    variants: tuple[Variant, ...]

    def digest(self) -> str:
        """16 hex digits over the routing itself, whatever its revision number."""
        canonical = json.dumps(_document(self)["variants"], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{self.endpoint}\n{canonical}".encode()).hexdigest()[:16]

    def shares(self) -> dict[str, float]:
        """Each announced variant's share of untargeted requests, 0..1; all 0 when all weights are 0."""
        weights = {variant.name: variant.weight for variant in self.variants if variant.is_announced}
        total = math.fsum(weights.values())
        return {name: weight / total if total > 0 else 0.0 for name, weight in weights.items()}


def render(table: RouteTable) -> str:
    """The table as its JSON document."""
    return json.dumps(_document(table))


def parse(text: str | bytes) -> RouteTable:
    """The table in a JSON document. Raises RouteTableError, whose message names the offending field."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise RouteTableError(f"not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise RouteTableError("must be a JSON object")
    return from_document(document)


def from_document(document: Mapping[str, Any]) -> RouteTable:
    """The table in an already decoded JSON object. Raises RouteTableError."""
    if document.get("version") != VERSION:
        raise RouteTableError(f"version: must be {VERSION}, got {document.get('version')!r}")
    endpoint, revision, variants = (document.get(key) for key in ("endpoint", "revision", "variants"))
    if not isinstance(endpoint, str) or not endpoint:
        raise RouteTableError("endpoint: must be a non-empty string")
    if not isinstance(revision, int) or isinstance(revision, bool) or revision < 0:
        raise RouteTableError("revision: must be a whole number, 0 or more")
    if not isinstance(variants, list) or not 1 <= len(variants) <= MAX_VARIANTS:
        raise RouteTableError(f"variants: must be a list of 1 to {MAX_VARIANTS} variants")
    parsed = tuple(_variant(item, f"variants[{index}]") for index, item in enumerate(variants))
    if len({variant.name.lower() for variant in parsed}) != len(parsed):
        raise RouteTableError("variants: names must be unique, ignoring case")
    if not math.isfinite(sum(variant.weight for variant in parsed)):
        raise RouteTableError("variants: the sum of all weights must be finite")
    return RouteTable(endpoint=endpoint, revision=revision, variants=parsed)


def _variant(item: object, where: str) -> Variant:
    if not isinstance(item, dict):
        raise RouteTableError(f"{where}: must be an object")
    name, backends = item.get("name"), item.get("backends")
    if not isinstance(name, str) or not variant_names.is_valid(name):
        raise RouteTableError(f"{where}.name: must match {variant_names.PATTERN}, got {name!r}")
    if not isinstance(backends, list) or not backends:
        raise RouteTableError(f"{where}.backends: must be a non-empty list")
    return Variant(
        name=name,
        weight=_weight(item.get("weight"), f"{where}.weight"),
        backends=tuple(_backend(entry, f"{where}.backends[{i}]") for i, entry in enumerate(backends)),
    )


def _backend(item: object, where: str) -> Backend:
    if not isinstance(item, dict):
        raise RouteTableError(f"{where}: must be an object")
    weight = _weight(item.get("weight", 1), f"{where}.weight")
    service, addresses = item.get("service"), item.get("addresses")
    if isinstance(service, str) and service and addresses is None:
        return Backend(service=service, weight=weight)
    if service is None and _is_address_list(addresses):
        return Backend(addresses=tuple(addresses), weight=weight)
    raise RouteTableError(f'{where}: must have either "service" or a list "addresses" of "host:port"')


def _weight(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise RouteTableError(f"{where}: must be a number, got {value!r}")
    try:
        weight = float(value)
    except OverflowError:
        weight = math.inf
    if not (math.isfinite(weight) and weight >= 0):
        raise RouteTableError(f"{where}: must be finite and 0 or more, got {weight!r}")
    return weight


def _is_address_list(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and bool(value) and all(_is_address(item) for item in value)


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    host, _, port = value.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) < 65536


def _document(table: RouteTable) -> dict[str, Any]:
    return {
        "version": VERSION,
        "endpoint": table.endpoint,
        "revision": table.revision,
        "variants": [
            {
                "name": variant.name,
                "weight": variant.weight,
                "backends": [_backend_document(backend) for backend in variant.backends],
            }
            for variant in table.variants
        ],
    }


def _backend_document(backend: Backend) -> dict[str, Any]:
    where: dict[str, Any] = (
        {"addresses": list(backend.addresses)} if backend.service is None else {"service": backend.service}
    )
    return {**where, "weight": backend.weight}
