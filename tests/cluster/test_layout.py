"""Clusters side by side share no address and no name."""

import ipaddress
from itertools import combinations
from pathlib import Path

import pytest

from tests.cluster import errors, layout


def a_layout(number: int) -> layout.Layout:
    return layout.Layout(cache=Path("/cache"), number=number)


def test_no_two_clusters_share_addresses() -> None:
    networks = [a_layout(number).addresses for number in range(16)]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))


def test_link_pods_and_services_are_apart_and_in_the_range_for_tests() -> None:
    ours = a_layout(15)
    link = ipaddress.IPv4Network(f"{ours.node_address}/24", strict=False)
    networks = [link, ours.pod_range, ours.service_range]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
    assert all(network.subnet_of(ipaddress.IPv4Network("198.18.0.0/15")) for network in networks)


def test_a_number_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POINTSMAN_CLUSTER", "16")
    layout.current.cache_clear()
    with pytest.raises(errors.HarnessError, match="0 to 15"):
        layout.current()
    layout.current.cache_clear()
