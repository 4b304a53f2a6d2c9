"""Pods that come, fail, rest and return, behind a data port on loopback."""

import asyncio
import contextlib
import dataclasses
import itertools
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from endpoint_router import metrics, pod_health
from tests.builders import routers, scripted_servers, waiting

QUICK = pod_health.Rules(
    base_ejection_seconds=0.2, interval_seconds=60.0, slow_start_seconds=0.2, failure_seconds=0.0
)
PATIENT = pod_health.Rules(base_ejection_seconds=60.0, slow_start_seconds=0.0, failure_seconds=0.0)


@contextlib.asynccontextmanager
async def models(count: int) -> AsyncIterator[list[scripted_servers.ScriptedServer]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(routers.a_model(f"{i}")) for i in range(count)]


def addresses(servers: Sequence[scripted_servers.ScriptedServer]) -> list[str]:
    return [server.address for server in servers]


@contextlib.asynccontextmanager
async def a_bad_model(kind: str) -> AsyncIterator[scripted_servers.ScriptedServer]:
    bad = {
        "breaks off": routers.a_model_that_says(b""),
        "garbage": routers.a_model_that_says(b"garbage\r\n\r\n"),
        "too large": routers.a_model_that_says(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"),
        "500": routers.a_model("bad", status="500 x"),
        "hangs": routers.a_silent_model(),
    }[kind]
    async with bad as server:
        yield server


def a_router(
    rules: pod_health.Rules, *, model_seconds: float = 59.0, seed: int = 3
) -> contextlib.AbstractAsyncContextManager[routers.RunningRouter]:
    """A router whose choices are the same in every run."""
    return routers.a_router(rules=rules, model_seconds=model_seconds, chance=random.Random(seed).random)


async def ask(router: routers.RunningRouter, count: int, **fields: str) -> Counter[int]:
    """Statuses of so many requests, one after the other on one connection."""
    connection = await router.connect()
    try:
        answers = [await connection.ask("POST", "/invocations", b"1", **fields) for _ in range(count)]
    finally:
        connection.close()
    return Counter(answer.status for answer in answers)


def shown(router: routers.RunningRouter, state: str, variant: str = "Variant1") -> float:
    """How many pods the metrics show in that state."""
    start = f'pointsman_pods{{endpoint="churn",state="{state}",variant="{variant}"}} '
    lines = metrics.render(router.proxy.counts).decode().splitlines()
    (found,) = [line.removeprefix(start) for line in lines if line.startswith(start)]
    return float(found)


@pytest.mark.parametrize("kind", ["breaks off", "garbage", "too large", "500", "hangs"])
async def test_a_pod_that_spoils_every_request_gets_ten_of_a_thousand_at_most(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        # A good pod too may take longer than that on a busy machine.
        a_router(PATIENT, model_seconds=0.1 if kind == "hangs" else 30.0) as router,
        models(2) as good,
        a_bad_model(kind) as bad,
    ):
        router.use(Variant1=(1, [*addresses(good), bad.address]))
        found = await ask(router, 1000)
        if kind != "hangs":
            assert found == {200: 1000 - len(bad.requests), 424: len(bad.requests)}
        assert 5 <= len(bad.requests) <= 10
        assert (shown(router, "in_service"), shown(router, "ejected")) == (2, 1)
        counted = router.proxy.counts.variant("Variant1")
        assert counted.ejections == 1
        assert counted.pod_failures == found[424]
    assert f"pod {bad.address} of variant Variant1 is ejected for 60 s: failures in a row:" in caplog.text


async def test_a_pod_that_cannot_be_connected_to_spoils_nothing_and_is_ejected() -> None:
    async with a_router(PATIENT) as router, models(2) as good:
        gone = scripted_servers.a_closed_address()
        router.use(Variant1=(1, [*addresses(good), gone]))
        assert await ask(router, 1000) == {200: 1000}
        assert 5 <= router.proxy.counts.variant("Variant1").pod_failures <= 10
        assert shown(router, "ejected") == 1


async def test_a_request_that_names_the_variant_does_not_meet_the_ejected_pod_either() -> None:
    async with (
        a_router(PATIENT) as router,
        models(1) as (good,),
        a_bad_model("500") as bad,
    ):
        router.use(Variant1=(1, [good.address, bad.address]))
        await ask(router, 50)
        assert await ask(router, 200, X_Amzn_SageMaker_Target_Variant="Variant1") == {200: 200}


async def test_a_pod_that_fails_fast_does_not_attract_more_requests() -> None:
    """Also while it is not ejected: here, because nobody ever is."""
    rules = pod_health.Rules(consecutive_failures=0)
    async with (
        a_router(rules) as router,
        models(1) as (good,),
        a_bad_model("500") as bad,
    ):
        router.use(Variant1=(1, [good.address, bad.address]))
        found = await ask(router, 50)
        assert found[424] <= 2
        await waiting.until(lambda: router.proxy.upstreams.pods([bad.address])[0].outstanding == 0)


@pytest.mark.parametrize("kind", ["breaks off", "500"])
async def test_when_all_pods_spoil_requests_none_is_ejected(kind: str) -> None:
    async with (
        a_router(PATIENT) as router,
        contextlib.AsyncExitStack() as stack,
    ):
        bad = [await stack.enter_async_context(a_bad_model(kind)) for _ in range(6)]
        router.use(Variant1=(1, addresses(bad)))
        assert await ask(router, 300) == {424: 300}
        assert shown(router, "ejected") == 0
        assert min(len(model.requests) for model in bad) > 0


async def test_the_only_pod_is_never_ejected() -> None:
    async with a_router(PATIENT) as router, a_bad_model("500") as bad:
        router.use(Variant1=(1, [bad.address]))
        assert await ask(router, 100) == {424: 100}
        assert (shown(router, "in_service"), shown(router, "ejected")) == (1, 0)


async def test_refusals_of_the_model_eject_nobody() -> None:
    async with (
        a_router(PATIENT) as router,
        models(1) as (good,),
        routers.a_model("refuses", status="415 x") as refuses,
    ):
        router.use(Variant1=(1, [good.address, refuses.address]))
        await ask(router, 200)
        assert router.proxy.counts.variant("Variant1").pod_failures == 0
        assert len(refuses.requests) > 50


async def test_an_ejected_pod_serves_when_no_other_can_be_connected_to() -> None:
    async with a_router(PATIENT) as router, a_bad_model("500") as bad:
        async with models(1) as (good,):
            router.use(Variant1=(1, [good.address, bad.address]))
            await ask(router, 50)
            asked = len(bad.requests)
            assert shown(router, "ejected") == 1
        assert await ask(router, 3) == {424: 3}, "an answer of the model, and no 503"
        assert len(bad.requests) == asked + 3


async def test_an_ejected_pod_serves_again_when_the_others_leave_the_table() -> None:
    async with (
        a_router(PATIENT) as router,
        models(1) as (good,),
        a_bad_model("500") as bad,
    ):
        router.use(Variant1=(1, [good.address, bad.address]))
        await ask(router, 50)
        asked = len(bad.requests)
        router.use(Variant1=(1, [bad.address]))
        assert await ask(router, 3) == {424: 3}
        assert len(bad.requests) == asked + 3
        assert (shown(router, "in_service"), shown(router, "ejected")) == (1, 0)


class Sick:
    """A model server that fails while it is ``ill``."""

    def __init__(self) -> None:
        self.ill = True

    async def serve(
        self,
        scripted: scripted_servers.ScriptedServer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        while True:
            await scripted.request(reader)
            writer.write(scripted_servers.answer(b"", status="500 x" if self.ill else "200 OK"))


async def test_a_pod_that_recovers_comes_back_by_itself_and_starts_slowly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sick, rules = Sick(), dataclasses.replace(QUICK, slow_start_seconds=600.0)
    async with (
        a_router(rules) as router,
        models(1) as (good,),
        scripted_servers.a_scripted_server(sick.serve) as other,
    ):
        router.use(Variant1=(1, [good.address, other.address]))
        await ask(router, 30)
        assert router.proxy.counts.variant("Variant1").ejections >= 1
        sick.ill = False
        await waiting.until(lambda: shown(router, "ejected") == 0)
        assert (shown(router, "in_service"), shown(router, "slow_start")) == (1, 1)
        asked = len(other.requests)
        assert await ask(router, 200) == {200: 200}
        assert 0 < len(other.requests) - asked <= 20
    assert f"pod {other.address} of variant Variant1 is back, on trial" in caplog.text


async def test_a_pod_that_comes_back_ill_is_ejected_again_after_few_failures() -> None:
    async with (
        a_router(dataclasses.replace(QUICK, slow_start_seconds=600.0)) as router,
        models(1) as (good,),
        a_bad_model("500") as bad,
    ):
        router.use(Variant1=(1, [good.address, bad.address]))
        await ask(router, 50)
        counted = router.proxy.counts.variant("Variant1")
        for ejections in (2, 3):
            await waiting.until(lambda: shown(router, "ejected") == 0)
            failures = counted.pod_failures
            async with asyncio.timeout(60):
                while counted.ejections < ejections:
                    await ask(router, 10)
            assert counted.pod_failures - failures <= 4


async def test_a_pod_that_left_does_not_come_back_by_its_old_record() -> None:
    async with (
        a_router(QUICK) as router,
        models(1) as (good,),
        a_bad_model("500") as bad,
    ):
        both: dict[str, tuple[float, list[str]]] = {"Variant1": (1, [good.address, bad.address])}
        router.use(**both)
        await ask(router, 50)
        router.use(Variant1=(1, [good.address]))
        router.use(**both)
        assert (shown(router, "ejected"), shown(router, "slow_start")) == (0, 1), "it is a new one"


async def test_a_new_pod_starts_slowly_and_gets_its_full_share_in_the_end() -> None:
    rules = pod_health.Rules(slow_start_seconds=0.4)
    async with a_router(rules) as router, models(3) as (a, b, new):
        router.use(Variant1=(1, [a.address, b.address]))
        assert shown(router, "in_service") == 2, "those that were there before the router have no age"
        router.use(Variant1=(1, [a.address, b.address, new.address]))
        assert (shown(router, "in_service"), shown(router, "slow_start")) == (2, 1)
        assert parts(router, new.address) == pytest.approx(1 / 3 * rules.min_share)
        seen = [parts(router, new.address)]
        async with asyncio.timeout(60):
            while shown(router, "slow_start"):
                await ask(router, 5)
                seen.append(parts(router, new.address))
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(1 / 3)
        asked = len(new.requests)
        assert await ask(router, 300) == {200: 300}
        assert len(new.requests) - asked == pytest.approx(100, abs=35)


def parts(router: routers.RunningRouter, address: str) -> float:
    """The part of the requests that a pod gets while all are equally busy."""
    plan = router.proxy._plan
    assert plan is not None
    lowers = [0.0, *(lane.upper for lane in plan.untargeted)]
    return sum(
        (lane.upper - lower) / len(lane.pods)
        for lane, lower in zip(plan.untargeted, lowers, strict=False)
        if address in [pod.address for pod in lane.pods]
    )


async def test_a_request_is_repeated_on_a_new_pod_when_the_old_one_is_gone() -> None:
    never_on_the_new_one = itertools.repeat(0.99)
    rules = pod_health.Rules(slow_start_seconds=60.0)
    async with (
        routers.a_router(rules=rules, chance=lambda: next(never_on_the_new_one)) as router,
        models(1) as (new,),
    ):
        gone = scripted_servers.a_closed_address()
        router.use(Variant1=(1, [gone]))
        router.use(Variant1=(1, [gone, new.address]))
        assert await ask(router, 3) == {200: 3}


async def test_the_same_numbers_turn_from_a_gone_pod_to_the_same_variant() -> None:
    numbers = itertools.cycle([0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.99, 0.5])
    async with routers.a_router(chance=lambda: next(numbers)) as router, models(2) as (one, two):
        gone = scripted_servers.a_closed_address()
        router.use(Gone=(1, [gone]), One=(1, [one.address]), Two=(1, [two.address]))
        assert [(await router.invoke()).variant for _ in range(6)] == ["One", "Two"] * 3


async def test_an_ejected_pod_gets_no_request_while_tables_change() -> None:
    async with (
        a_router(PATIENT) as router,
        models(3) as good,
        a_bad_model("500") as bad,
    ):
        router.use(Variant1=(1, [*addresses(good), bad.address]))
        await ask(router, 60)
        asked = len(bad.requests)
        assert 5 <= asked <= 10
        for weight in range(1, 20):
            router.use(Variant1=(weight, [*addresses(good)[weight % 2 :], bad.address]))
            assert await ask(router, 10) == {200: 10}
        assert len(bad.requests) == asked
