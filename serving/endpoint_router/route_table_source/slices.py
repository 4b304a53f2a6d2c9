"""EndpointSlices to the addresses of each headless Service. Pure: documents in, addresses out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from endpoint_contract import ports
from endpoint_router import routing

SERVICE_LABEL = "kubernetes.io/service-name"
PORT_NAME = "http"
"""What the operator calls the model server's port; a slice without that name is read at its only port."""

_FAMILIES = ("IPv4", "IPv6")
"""In order of preference: a dual-stack Service lists every pod once in each family."""


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """What a router needs of one slice. ``service`` is empty for a slice that belongs to none."""

    service: str
    family: str
    ready: frozenset[str]
    terminating: frozenset[str]


def decode(document: Mapping[str, Any]) -> EndpointSlice:
    """One EndpointSlice (``discovery.k8s.io/v1``). What is missing or null counts as the API says it does."""
    labels = document["metadata"].get("labels") or {}
    family = str(document.get("addressType") or _FAMILIES[0])
    port = _port(document.get("ports") or ())
    ready, terminating = set(), set()
    for endpoint in document.get("endpoints") or ():
        conditions = endpoint.get("conditions") or {}
        is_ready = conditions.get("ready") is not False
        is_serving = is_ready if conditions.get("serving") is None else bool(conditions["serving"])
        # The API promises that all addresses of one endpoint reach the same pod.
        for address in (endpoint.get("addresses") or ())[:1]:
            if conditions.get("terminating"):
                if is_serving:
                    terminating.add(_host_port(address, port, family))
            elif is_ready:
                ready.add(_host_port(address, port, family))
    return EndpointSlice(
        service=str(labels.get(SERVICE_LABEL, "")),
        family=family,
        ready=frozenset(ready),
        terminating=frozenset(terminating),
    )


def addresses(slices: Iterable[EndpointSlice]) -> dict[str, routing.Addresses]:
    """The addresses of every Service that the slices name, sorted; one whose pods are all gone has none."""
    by_service: defaultdict[str, list[EndpointSlice]] = defaultdict(list)
    for item in slices:
        if item.service:
            by_service[item.service].append(item)
    return {service: _merge(items) for service, items in sorted(by_service.items())}


def _merge(items: list[EndpointSlice]) -> routing.Addresses:
    for family in _FAMILIES:
        of_family = [item for item in items if item.family == family]
        # A pod that moves between slices stands in two for a moment: like kube-proxy, believe the ready one.
        ready = frozenset[str]().union(*(item.ready for item in of_family))
        terminating = frozenset[str]().union(*(item.terminating for item in of_family)) - ready
        if ready or terminating:
            return routing.Addresses(ready=tuple(sorted(ready)), terminating=tuple(sorted(terminating)))
    return routing.Addresses()


def _port(items: Iterable[Mapping[str, Any]]) -> int:
    numbers = {str(item.get("name") or ""): item["port"] for item in items if item.get("port")}
    fallback = next(iter(numbers.values()), ports.MODEL_SERVER)
    return int(numbers.get(PORT_NAME, fallback))


def _host_port(address: str, port: int, family: str) -> str:
    return f"[{address}]:{port}" if family == "IPv6" else f"{address}:{port}"
