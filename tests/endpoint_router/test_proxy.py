import asyncio
import contextlib
import itertools
import json
import socket
import struct
from collections import Counter

import pytest

from endpoint_router import metrics
from tests.builders import routers, scripted_servers, waiting

OVER_6_MIB = 6 * 1024 * 1024 + 1


async def test_the_answer_is_the_models_and_names_its_variant() -> None:
    async with routers.a_router() as router, routers.a_model("one", "Content-Type: text/csv") as one:
        router.use(Variant1=(1, [one.address]))
        answer = await router.invoke(b"1,2,3", "/endpoints/churn/invocations", Content_Type="text/csv")
        assert (answer.status, answer.body) == (200, b"one:1,2,3")
        assert (answer.variant, answer.reason) == ("Variant1", "weight")
        assert answer.headers["content-type"] == "text/csv"
        assert len(answer.headers["x-amzn-requestid"]) == 36
        head, body = one.requests[0]
        assert head.startswith(b"POST /invocations HTTP/1.1\r\n")
        assert f"\r\nHost: {one.address}\r\n".encode() in head
        assert body == b"1,2,3"


async def test_numbers_choose_the_variant_by_weight() -> None:
    numbers = itertools.cycle([0.0, 0.2, 0.26, 0.9])
    async with (
        routers.a_router(chance=lambda: next(numbers)) as router,
        routers.a_model("one") as one,
        routers.a_model("two") as two,
    ):
        router.use(Variant1=(0.25, [one.address]), Variant2=(0.75, [two.address]))
        answers = [await router.invoke() for _ in range(4)]
        assert [answer.variant for answer in answers] == ["Variant1", "Variant1", "Variant2", "Variant2"]
        assert [answer.body[:3] for answer in answers] == [b"one", b"one", b"two", b"two"]


async def test_a_named_variant_beats_the_weights_even_at_0() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one, routers.a_model("two") as two:
        router.use(Variant1=(1, [one.address]), Variant2=(0, [two.address]))
        for _ in range(20):
            answer = await router.invoke(X_Amzn_SageMaker_Target_Variant=" Variant2\t")
            assert (answer.variant, answer.reason, answer.body[:3]) == ("Variant2", "target", b"two")
            assert (await router.invoke()).variant == "Variant1"


async def test_a_variant_without_a_pod_leaves_its_share_and_the_answer_says_so() -> None:
    async with routers.a_router() as router, routers.a_model("two") as two:
        router.use(Variant1=(99, []), Variant2=(1, [two.address]))
        answer = await router.invoke()
        assert (answer.status, answer.variant, answer.reason) == (200, "Variant2", "fallback")
        answer = await router.invoke(X_Amzn_SageMaker_Target_Variant="Variant1")
        assert (answer.status, answer.variant) == (503, None)
        assert answer.headers["x-amzn-errortype"] == "ServiceUnavailable"


async def test_without_a_table_or_a_pod_it_is_unavailable_and_ping_says_so() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one:
        assert (await router.invoke()).status == 503
        router.use(Variant1=(1, []))
        assert (await router.invoke()).status == 503
        assert (await router.ask("GET", "/ping")).status == 503
        router.use(Variant1=(1, [one.address]))
        assert (await router.ask("GET", "/ping")).status == 200


async def test_secrets_stay_with_us_and_forgeries_too() -> None:
    forged = (
        "x-Amzn-Invoked-Production-Variant: Evil",
        "x-amzn-RequestId: evil",
        "x-Pointsman-Route-Reason: evil",
    )
    async with routers.a_router() as router, routers.a_model("one", *forged) as one:
        router.use(Variant1=(1, [one.address]))
        answer = await router.invoke(
            Authorization="AWS4", X_Amz_Security_Token="t", Cookie="c", x_Pointsman_Route_Reason="evil"
        )
        assert "evil" not in str(answer.headers).lower()
        assert b"AWS4" not in one.requests[0][0]
        assert b"Cookie" not in one.requests[0][0]
        assert b"evil" not in one.requests[0][0]


@pytest.mark.parametrize(("status", "kind"), [("302 x", "client"), ("404 x", "client"), ("500 x", "server")])
async def test_what_is_not_2xx_is_a_model_error(status: str, kind: str) -> None:
    async with routers.a_router() as router, routers.a_model("one", status=status) as one:
        router.use(Variant1=(1, [one.address]))
        answer = await router.invoke(b"why")
        error = json.loads(answer.body)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (424, "ModelError")
        assert answer.variant == "Variant1"
        assert error["Message"] == f'Received {kind} error ({status[:3]}) from primary with message "one:why"'
        assert (error["OriginalStatusCode"], error["OriginalMessage"]) == (int(status[:3]), "one:why")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % OVER_6_MIB,
    ],
    ids=["nothing", "garbage", "half", "too much"],
)
async def test_a_broken_model_is_a_model_error_and_is_asked_once(said: bytes) -> None:
    async with (
        routers.a_router() as router,
        routers.a_model_that_says(said) as one,
        routers.a_model("two") as two,
    ):
        router.use(Variant1=(1, [one.address]), Variant2=(0, [two.address]))
        answer = await router.invoke()
        assert (answer.status, answer.variant) == (424, "Variant1")
        assert len(one.requests) == 1
        assert two.requests == []


async def test_a_request_that_breaks_one_pod_is_not_sent_to_the_next() -> None:
    async with (
        routers.a_router() as router,
        routers.a_model_that_says(b"") as a,
        routers.a_model_that_says(b"") as b,
    ):
        router.use(Variant1=(1, [a.address, b.address]))
        assert (await router.invoke()).status == 424
        assert len(a.requests) + len(b.requests) == 1


async def test_a_model_that_takes_too_long_is_a_model_error() -> None:
    async with routers.a_router(model_seconds=0.1) as router, routers.a_silent_model() as one:
        router.use(Variant1=(1, [one.address]))
        answer = await router.invoke()
        assert answer.status == 424
        assert json.loads(answer.body)["Message"].startswith("Your invocation timed out")
        await waiting.until(lambda: one.hung_up == 1)


async def test_a_pod_that_refuses_is_passed_over_while_another_one_answers() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(
            Variant1=(
                1,
                [scripted_servers.a_closed_address(), one.address, scripted_servers.a_closed_address()],
            )
        )
        for _ in range(30):
            assert (await router.invoke()).status == 200


async def test_when_no_pod_can_be_connected_to_it_is_unavailable() -> None:
    async with routers.a_router() as router:
        router.use(Variant1=(1, [scripted_servers.a_closed_address() for _ in range(5)]))
        answer = await router.invoke()
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")


async def test_a_variant_that_cannot_be_connected_to_leaves_its_share_like_one_without_a_pod() -> None:
    def gone() -> list[str]:
        return [scripted_servers.a_closed_address()]

    async with routers.a_router() as router, routers.a_model("three") as three:
        router.use(Variant1=(49, gone()), Variant2=(49, gone()), Variant3=(2, [three.address]))
        answers = [await router.invoke() for _ in range(20)]
        assert {(answer.status, answer.variant) for answer in answers} == {(200, "Variant3")}
        assert "fallback" in {answer.reason for answer in answers}
        answer = await router.invoke(X_Amzn_SageMaker_Target_Variant="Variant1")
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
        text = metrics.render(router.proxy.counts).decode()
    for variant in ("Variant1", "Variant2", "Variant3"):
        assert (
            f'pointsman_concurrent_requests{{endpoint="churn",variant="{variant}"}} 0.0' in text.splitlines()
        )


async def test_a_failing_pod_does_not_attract_more_requests() -> None:
    async with routers.a_router() as router, routers.a_model("good") as good:
        bad = scripted_servers.a_closed_address()
        router.use(Variant1=(1, [bad, good.address]))
        for _ in range(20):
            await router.invoke()
        pods = {pod.address: pod.outstanding for pod in router.proxy.upstreams.pods([bad, good.address])}
        assert pods[good.address] == 0
        assert 1 <= pods[bad] <= 20
        await waiting.until(lambda: router.proxy.upstreams.pods([bad])[0].outstanding == 0)


async def test_a_client_that_leaves_takes_its_request_along() -> None:
    async with routers.a_router() as router, routers.a_silent_model() as one:
        router.use(Variant1=(1, [one.address]))
        connection = await router.connect()
        asking = asyncio.create_task(connection.ask("POST", "/invocations", b"x"))
        await waiting.until(lambda: len(one.requests) == 1)
        reset_on_close = struct.pack("ii", 1, 0)
        connection.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, reset_on_close
        )
        connection.writer.transport.abort()
        await waiting.until(lambda: one.hung_up == 1)
        assert router.proxy.counts.variants["Variant1"].concurrent == 0
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await asking


async def test_open_inference_keeps_the_models_status() -> None:
    async with routers.a_router() as router, routers.a_model("one", status="404 x") as one:
        router.use(Variant1=(1, [one.address]))
        answer = await router.invoke(b"{}", "/v2/models/churn/infer?x=y")
        assert (answer.status, answer.body, answer.variant) == (404, b"one:{}", "Variant1")
        assert one.requests[0][0].startswith(b"POST /v2/models/churn/infer?x=y HTTP/1.1\r\n")


async def test_six_mebibytes_pass_both_ways() -> None:
    body = bytes(range(256)) * (6 * 1024 * 4 - 1)
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        assert (await router.invoke(body)).body == b"one:" + body


async def test_the_own_pod_is_reached_over_loopback_and_avoided_while_draining() -> None:
    async with routers.a_router(pod_ip="10.1.2.3") as router, routers.a_model("other") as other:
        router.use(Variant1=(1, ["10.1.2.3:8080", other.address]))
        own = router.proxy.upstreams.pods(["10.1.2.3:8080"])[0]
        assert own.is_own
        assert repr(own.pool) == "<Pool 127.0.0.1:8080 idle=0 all=0>"
        router.proxy.drain()
        for _ in range(20):
            assert (await router.invoke()).body[:5] == b"other"
        router.use(Variant1=(1, ["10.1.2.3:8080", other.address]))
        assert (await router.invoke()).body[:5] == b"other", "also by the next table"


async def test_no_request_fails_while_tables_change_under_load() -> None:
    async with (
        routers.a_router() as router,
        routers.a_model("one") as one,
        routers.a_model("two") as two,
        routers.a_model("three") as three,
    ):
        router.use(Variant1=(1, [one.address]))
        done = asyncio.Event()
        statuses: Counter[int] = Counter()

        async def load(client: int) -> None:
            connection = await router.connect()
            for i in itertools.count():
                answer = await connection.ask("POST", "/invocations", body := f"{client}-{i}".encode())
                name = {"Variant1": b"one:", "Variant2": b"two:", "Variant3": b"three:"}[answer.variant or ""]
                assert answer.body == name + body
                statuses[answer.status] += 1
                if done.is_set():
                    break
            connection.close()

        clients = [asyncio.create_task(load(i)) for i in range(8)]
        tables = itertools.cycle(
            [
                {"Variant1": (1.0, [one.address]), "Variant2": (1.0, [two.address])},
                {"Variant2": (1.0, [two.address])},
                {"Variant2": (1.0, [two.address]), "Variant3": (3.0, [three.address])},
                {"Variant1": (1.0, [one.address]), "Variant3": (0.0, [three.address])},
            ]
        )
        for _ in range(100):
            router.use(**next(tables))
            enough = statuses.total() + 10
            await waiting.until(lambda: statuses.total() >= enough)  # noqa: B023
        done.set()
        await asyncio.gather(*clients)
        assert set(statuses) == {200}


async def test_no_answer_reaches_somebody_else_though_models_say_too_much() -> None:
    async def talkative(
        scripted: scripted_servers.ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            _, body = await scripted.request(reader)
            writer.write(scripted_servers.answer(body) + scripted_servers.answer(b"not yours"))

    async with routers.a_router() as router, scripted_servers.a_scripted_server(talkative) as one:
        router.use(Variant1=(1, [one.address]))

        async def client(number: int) -> None:
            connection = await router.connect()
            for i in range(50):
                body = f"{number}-{i}".encode()
                answer = await connection.ask("POST", "/invocations", body)
                assert (answer.status, answer.body) == (200, body)
            connection.close()

        await asyncio.gather(*(client(i) for i in range(8)))


async def test_connections_to_an_address_that_left_the_table_are_closed() -> None:
    async with routers.a_router() as router, routers.a_model("one") as one, routers.a_model("two") as two:
        router.use(Variant1=(1, [one.address]))
        await router.invoke()
        router.use(Variant1=(1, [two.address]))
        await waiting.until(lambda: one.hung_up == 1)


async def test_each_request_is_counted_once_under_its_names() -> None:
    async with (
        routers.a_router() as router,
        routers.a_model("one") as one,
        routers.a_model("two", status="500 x") as two,
    ):
        router.use(Variant1=(1, [one.address]), Variant2=(0, [two.address]))
        for _ in range(3):
            await router.invoke()
        await router.invoke(X_Amzn_SageMaker_Target_Variant="Variant2")
        await router.invoke(X_Amzn_SageMaker_Target_Variant="Nope")
        await router.ask("GET", "/nope")
        text = metrics.render(router.proxy.counts).decode()
    for line in (
        'pointsman_invocations_total{endpoint="churn",reason="weight",variant="Variant1"} 3.0',
        'pointsman_invocations_total{endpoint="churn",reason="target",variant="Variant2"} 1.0',
        'pointsman_invocation_5xx_errors_total{endpoint="churn",variant="Variant2"} 1.0',
        'pointsman_invocation_4xx_errors_total{endpoint="churn",variant="Variant2"} 0.0',
        'pointsman_invocation_model_errors_total{endpoint="churn",variant="Variant2"} 1.0',
        'pointsman_model_latency_seconds_count{endpoint="churn",variant="Variant1"} 3.0',
        'pointsman_overhead_latency_seconds_bucket{endpoint="churn",le="+Inf",variant="Variant1"} 3.0',
        'pointsman_concurrent_requests{endpoint="churn",variant="Variant1"} 0.0',
        'pointsman_refused_requests_total{code="400",endpoint="churn"} 1.0',
        'pointsman_refused_requests_total{code="404",endpoint="churn"} 1.0',
        'pointsman_route_table_revision{endpoint="churn"} 1.0',
    ):
        assert line in text.splitlines()


async def test_a_request_in_flight_is_in_the_gauge() -> None:
    async with routers.a_router() as router, routers.a_silent_model() as one:
        router.use(Variant1=(1, [one.address]))
        connection = await router.connect()
        asking = asyncio.create_task(connection.ask("POST", "/invocations", b"x"))
        await waiting.until(lambda: len(one.requests) == 1)
        assert router.proxy.counts.variants["Variant1"].concurrent == 1
        asking.cancel()
        connection.close()
