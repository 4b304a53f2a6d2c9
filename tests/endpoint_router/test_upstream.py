from endpoint_router import upstream
from http_protocol import client


async def test_a_pod_keeps_its_counts_while_it_stays_and_loses_them_when_it_leaves() -> None:
    upstreams = upstream.Upstreams("", client.Bounds())
    first, second = upstreams.pods(["10.0.0.1:8080", "10.0.0.2:8080"])
    first.outstanding = 3
    upstreams.keep_only(frozenset({"10.0.0.1:8080"}))
    assert upstreams.pods(["10.0.0.1:8080"]) == (first,)
    assert upstreams.pods(["10.0.0.2:8080"]) != (second,)
    await upstreams.close()


async def test_the_own_pod_is_the_one_with_the_own_address() -> None:
    upstreams = upstream.Upstreams("10.0.0.1", client.Bounds())
    own, other = upstreams.pods(["10.0.0.1:8080", "10.0.0.10:8080"])
    assert (own.is_own, other.is_own) == (True, False)
    assert own.host_line == b"Host: 10.0.0.1:8080\r\n"
    await upstreams.close()
