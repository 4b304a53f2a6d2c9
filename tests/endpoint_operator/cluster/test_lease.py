import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from endpoint_operator.cluster import client, lease
from tests.builders import api_server

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/pointsman-operator"
TIMING = lease.Timing(duration=5.0, renew_deadline=0.4, retry=0.05)


def a_lease(*, holder: str = "other", version: str = "1", seconds: int = 15) -> Any:
    return {
        "metadata": {"name": "pointsman-operator", "resourceVersion": version},
        "spec": {"holderIdentity": holder, "leaseDurationSeconds": seconds},
    }


@pytest.mark.parametrize(
    ("holder", "age", "allowed"),
    [
        pytest.param("other", 0.0, False, id="somebody else just renewed it"),
        pytest.param("other", 15.0, False, id="just not run out"),
        pytest.param("other", 15.1, True, id="run out"),
        pytest.param("", 0.0, True, id="given back"),
        pytest.param("me", 0.0, True, id="my own"),
    ],
)
def test_a_lease_is_taken_only_when_free_own_or_run_out(holder: str, age: float, *, allowed: bool) -> None:
    seen = lease.look(a_lease(holder=holder), None, now=100.0)
    assert lease.may_take(seen, "me", now=100.0 + age) is allowed


def test_a_lease_that_changed_starts_its_time_anew_and_one_that_did_not_keeps_it() -> None:
    first = lease.look(a_lease(version="1"), None, now=100.0)
    same = lease.look(a_lease(version="1"), first, now=110.0)
    renewed = lease.look(a_lease(version="2"), same, now=112.0)
    assert (same.since, renewed.since) == (100.0, 112.0)


def test_a_candidate_wakes_the_moment_the_lease_runs_out() -> None:
    timing = lease.Timing()
    seen = lease.look(a_lease(), None, now=100.0)
    assert lease.wait_before_next(seen, 105.0, timing) == 2.0
    assert lease.wait_before_next(seen, 114.0, timing) == pytest.approx(1.01)
    assert lease.wait_before_next(None, 114.0, timing) == 2.0


def test_a_holder_gives_up_before_the_others_may_take_over() -> None:
    timing = lease.Timing()
    assert not lease.is_lost(100.0, 109.9, timing)
    assert lease.is_lost(100.0, 110.0, timing)
    assert timing.renew_deadline < timing.duration


@pytest.fixture
async def api() -> AsyncIterator[tuple[api_server.ApiServer, client.Client]]:
    async with api_server.running() as pair:
        yield pair


class Office:
    """An elector with work that says when it begins and when it has ended."""

    def __init__(self, cluster: client.Client, identity: str, *owners: client.Object) -> None:
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.elector = lease.Elector(
            cluster,
            namespace="ops",
            name="pointsman-operator",
            identity=identity,
            clock=asyncio.get_running_loop().time,
            timing=TIMING,
            owners=owners,
        )
        self.task = asyncio.create_task(self.elector.run(self._lead))

    async def _lead(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.wait((self.task,))


async def within(event: asyncio.Event, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        await event.wait()


async def test_a_missing_lease_is_created_and_given_back_on_the_way_out(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    office = Office(cluster, "one")
    await within(office.began)
    assert server.objects[PATH]["spec"]["holderIdentity"] == "one"
    await office.leave()
    assert office.ended.is_set()
    assert server.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_second_operator_waits_and_takes_over_when_the_first_leaves(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    first = Office(cluster, "one")
    await within(first.began)
    second = Office(cluster, "two")
    with pytest.raises(TimeoutError):
        await within(second.began, 0.2)
    await first.leave()
    await within(second.began)
    assert server.objects[PATH]["spec"]["holderIdentity"] == "two"
    assert server.objects[PATH]["spec"]["leaseTransitions"] >= 1
    await second.leave()


async def test_a_pod_owns_the_lease_for_as_long_as_it_holds_it(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    one, two = lease.pod_owner("one", "1"), lease.pod_owner("two", "2")
    first = Office(cluster, "one", one)
    await within(first.began)
    assert server.objects[PATH]["metadata"]["ownerReferences"] == [one]
    await first.leave()
    assert server.objects[PATH]["metadata"]["ownerReferences"] == []
    server.objects[PATH]["metadata"]["ownerReferences"] = [one]
    second = Office(cluster, "two", two)
    await within(second.began)
    assert server.objects[PATH]["metadata"]["ownerReferences"] == [two]
    await second.leave()


async def test_a_renewal_that_arrives_late_does_not_keep_the_lease_from_being_given_back(
    api: tuple[api_server.ApiServer, client.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, cluster = api
    office = Office(cluster, "one")
    await within(office.began)
    replace = cluster.replace

    async def replace_after_another_write(path: str, lease: client.Object) -> client.Object:
        monkeypatch.undo()
        server.put(PATH, server.objects[PATH])
        return await replace(path, lease)

    monkeypatch.setattr(cluster, "replace", replace_after_another_write)
    await office.leave()
    assert server.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_lease_that_went_with_its_holder_is_taken_at_once(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    server.put(PATH, a_lease(holder="gone", seconds=60))
    office = Office(cluster, "one")
    with pytest.raises(TimeoutError):
        await within(office.began, 0.2)
    del server.objects[PATH]
    await within(office.began, 5.0)
    await office.leave()


async def test_a_leader_that_cannot_renew_stops_its_work_before_the_lease_runs_out_and_leads_again_later(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    loop = asyncio.get_running_loop()
    office = Office(cluster, "one")
    await within(office.began)
    office.began.clear()
    server.is_down = True
    down_since = loop.time()
    await within(office.ended)
    assert loop.time() - down_since < TIMING.duration
    server.is_down = False
    await within(office.began)
    await office.leave()


async def test_a_leader_that_reads_another_holder_stops_at_once(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    server, cluster = api
    office = Office(cluster, "one")
    await within(office.began)
    server.put(PATH, a_lease(holder="thief"))
    await within(office.ended)
    await office.leave()
    assert server.objects[PATH]["spec"]["holderIdentity"] == "thief"


async def test_work_that_ends_by_an_error_ends_the_elector_with_it(
    api: tuple[api_server.ApiServer, client.Client],
) -> None:
    _, cluster = api
    elector = lease.Elector(
        cluster,
        namespace="ops",
        name="pointsman-operator",
        identity="one",
        clock=asyncio.get_running_loop().time,
        timing=TIMING,
    )

    async def lead() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await elector.run(lead)
