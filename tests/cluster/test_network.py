"""Another's use of the cluster's addresses is noticed."""

import ipaddress

import pytest

from tests.cluster import network

OURS = ipaddress.IPv4Network("198.18.0.0/19")


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("default via 192.0.2.1 dev eth0", False),
        ("192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2", False),
        ("198.18.32.0/24 dev pointsman1 proto kernel scope link src 198.18.32.1", False),
        ("198.18.8.0/21 via 198.18.0.2 dev pointsman", True),
        ("198.18.0.0/15 dev tun0 scope link", True),
        ("unreachable 198.18.0.9 metric 5", True),
    ],
    ids=["default", "elsewhere", "another cluster", "ours", "a tunnel around ours", "one address of ours"],
)
def test_a_route_into_our_addresses_is_told_from_others(route: str, *, expected: bool) -> None:
    assert network.overlaps(route, OURS) is expected
