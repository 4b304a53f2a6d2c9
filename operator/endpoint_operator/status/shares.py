"""Shares of the requests as people write them."""

from endpoint_contract import route_table


def text(table: route_table.RouteTable | None) -> str:
    """``Variant1=25% Variant2=75%``, in the table's order; empty without a table."""
    if table is None:
        return ""
    return " ".join(f"{name}={_percent(share)}" for name, share in table.shares().items())


def _percent(share: float) -> str:
    percent = 100 * share
    return "<0.01%" if 0 < percent < 0.01 else f"{percent:.4g}%"
