"""What a router answers to ``GET :8001/route-table``: the table it applies and the addresses it knows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from endpoint_contract import route_table


class RouterReportError(ValueError):
    """The document is no router report."""


@dataclass(frozen=True, slots=True)
class RouterReport:
    """``table`` is what requests are routed by now; ``ready_addresses`` counts those of each backend Service."""

    table: route_table.RouteTable
    ready_addresses: Mapping[str, int]


def render(report: RouterReport) -> bytes:
    """The report as JSON; ``digest`` and ``revision`` stand beside the table for people who look."""
    document = {
        "revision": report.table.revision,
        "digest": report.table.digest(),
        "readyAddresses": dict(report.ready_addresses),
        "table": json.loads(route_table.render(report.table)),
    }
    return json.dumps(document).encode()


def parse(body: bytes) -> RouterReport:
    """The report in a router's answer. Raises RouterReportError."""
    try:
        document = json.loads(body)
        table = route_table.from_document(document["table"])
        ready = {str(name): int(count) for name, count in document["readyAddresses"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as exc:
        raise RouterReportError(f"not a router report: {exc}") from exc
    return RouterReport(table=table, ready_addresses=ready)
