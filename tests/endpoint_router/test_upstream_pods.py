"""Which pods there are to the router, and how old they are."""

import asyncio
import itertools

import pytest

from endpoint_router import pod_health, upstream
from http_protocol import client

RULES = pod_health.Rules(slow_start_seconds=0.2)


async def test_a_pod_keeps_its_counts_while_it_stays_and_loses_them_when_it_leaves() -> None:
    upstreams = upstream.Upstreams("", client.Bounds())
    first, second = upstreams.pods(["10.0.0.1:8080", "10.0.0.2:8080"])
    first.outstanding = 3
    upstreams.keep_only(frozenset({"10.0.0.1:8080"}))
    assert upstreams.pods(["10.0.0.1:8080"]) == (first,)
    assert upstreams.pods(["10.0.0.2:8080"]) != (second,)
    await upstreams.close()


async def test_a_pod_that_comes_of_age_while_the_routing_is_compiled_gets_its_full_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[pod_health.Standing] = []
    upstreams = upstream.Upstreams(
        "", client.Bounds(), rules=RULES, on_change=lambda: compiled.append(upstreams.standing())
    )
    now = itertools.chain([100.0, 100.0 + RULES.slow_start_seconds * 0.99], itertools.repeat(101.0))
    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "time", lambda: next(now))
        upstreams.keep_only(frozenset())
        upstreams.pods(["10.0.0.1:8080"])
        assert upstreams.standing().shares["10.0.0.1:8080"] < 1.0
        upstreams.keep_only(frozenset({"10.0.0.1:8080"}))
        assert upstreams._growth is not None, "it is compiled once more"
        upstreams._grow()
    assert [standing.shares for standing in compiled] == [{"10.0.0.1:8080": 1.0}]
    await upstreams.close()


@pytest.mark.parametrize(
    ("pod_ip", "addresses"),
    [("10.0.0.1", ["10.0.0.1:8080", "10.0.0.10:8080"]), ("fd00::1", ["[fd00::1]:8080", "[fd00::10]:8080"])],
    ids=["IPv4", "IPv6"],
)
async def test_the_own_pod_is_the_one_with_the_own_address(pod_ip: str, addresses: list[str]) -> None:
    upstreams = upstream.Upstreams(pod_ip, client.Bounds())
    own, other = upstreams.pods(addresses)
    assert (own.is_own, other.is_own) == (True, False)
    assert own.host_line == f"Host: {addresses[0]}\r\n".encode()
    await upstreams.close()
