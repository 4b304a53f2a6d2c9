"""Neither a client nor a model speaks with the router's voice, however it spells the router's headers."""

import asyncio
from collections.abc import Callable

import pytest

from endpoint_contract import headers as wire
from http_protocol import probing
from tests.builders import routers, scripted_servers

OURS = (wire.INVOKED_PRODUCTION_VARIANT, wire.REQUEST_ID, wire.ERROR_TYPE, wire.ROUTE_REASON)
FRAMING = ("Content-Length", "Transfer-Encoding", "Connection", "Date")
SECRETS = ("Authorization", "Cookie", "X-Amz-Security-Token", "X-Amz-Date", "Proxy-Authorization")

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "underscores": lambda name: name.replace("-", "_"),
    "one underscore": lambda name: name.replace("-", "_", 1),
    "a dot": lambda name: name.replace("-", "."),
}


async def raw_answer(router: routers.RunningRouter, sent: bytes) -> tuple[list[str], bytes]:
    """Header lines and body of the answer to these bytes."""
    connection = await router.connect()
    connection.writer.write(sent)
    connection.writer.write_eof()
    received = await connection.reader.read()
    # On a busy machine the client is asked first whether it still reads.
    head, _, body = received.removeprefix(probing.INTERIM).partition(b"\r\n\r\n")
    connection.close()
    return head.decode("latin-1").split("\r\n")[1:], body


def check_answer(lines: list[str], variant: str | None) -> None:
    """Every header of ours is there at most once and says what we say."""
    assert "evil" not in str(lines).lower()
    names = [line.partition(":")[0].lower() for line in lines]
    assert len(set(names)) == len(names)
    assert wire.REQUEST_ID.lower() in names
    assert (wire.ERROR_TYPE.lower() in names) == (variant is None)
    if variant is not None:
        assert f"{wire.INVOKED_PRODUCTION_VARIANT}: {variant}" in lines
        assert f"{wire.ROUTE_REASON}: weight" in lines


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_client_forges_nothing_and_its_secrets_stay_with_us(spelling: str) -> None:
    spell = SPELLINGS[spelling]
    forged = "".join(f"{spell(name)}: evil\r\n" for name in (*OURS, *SECRETS))
    sent = f"POST /invocations HTTP/1.1\r\nHost: h\r\n{forged}Content-Length: 1\r\n\r\nx".encode()
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        lines, body = await raw_answer(router, sent)
        check_answer(lines, "Variant1")
        assert body == b"one:x"
        assert b"evil" not in one.requests[0][0]


async def test_a_clients_trailers_reach_nobody() -> None:
    trailers = "".join(f"{name}: evil\r\n" for name in (*OURS, *SECRETS, wire.TARGET_VARIANT))
    sent = (
        "POST /invocations HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
        f"Trailer: {', '.join(OURS)}\r\n\r\n1\r\nx\r\n0\r\n{trailers}\r\n"
    )
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        lines, body = await raw_answer(router, sent.encode())
        check_answer(lines, "Variant1")
        assert body == b"one:x"
        assert b"evil" not in one.requests[0][0]


@pytest.mark.parametrize("option", ["content-length", "content-type", "x-amzn-sagemaker-custom-attributes"])
async def test_a_client_takes_away_no_header_by_naming_it_as_an_option_of_the_connection(option: str) -> None:
    attributes = f"Content-Type: text/csv\r\n{wire.CUSTOM_ATTRIBUTES}: a=b"
    head = f"POST /invocations HTTP/1.1\r\nHost: h\r\nConnection: {option}\r\n{attributes}"
    sent = f"{head}\r\nContent-Length: 1\r\n\r\nx"
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        await raw_answer(router, sent.encode())
        seen = one.requests[0][0]
        assert b"Content-Length: 1\r\n" in seen
        assert b"Content-Type: text/csv\r\n" in seen
        assert wire.CUSTOM_ATTRIBUTES.encode() + b": a=b\r\n" in seen
        assert b"Connection" not in seen


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", ["200 OK", "500 evil reason"])
async def test_a_model_forges_nothing(spelling: str, status: str) -> None:
    spell = SPELLINGS[spelling]
    names = (
        *OURS,
        "Set-Cookie",
        "Server",
        "Location",
        "WWW-Authenticate",
        "Date",
        "Trailer",
        "X-Accel-Redirect",
    )
    forged = [f"{spell(name)}: evil" for name in names]
    async with routers.a_router() as router, routers.a_model("one", *forged, status=status) as one:
        router.use(Variant1=(1, [one.address]))
        lines, _ = await raw_answer(
            router, b"POST /invocations HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
        )
        assert one.requests
    assert "evil" not in str(lines).lower()
    found = [line.partition(":")[0].lower() for line in lines]
    assert len(set(found)) == len(found)
    assert f"{wire.INVOKED_PRODUCTION_VARIANT}: Variant1" in lines
    assert [line for line in lines if line.startswith(wire.ERROR_TYPE)] == (
        [] if status == "200 OK" else [f"{wire.ERROR_TYPE}: ModelError"]
    )


async def test_a_models_trailers_and_interim_answers_reach_nobody() -> None:
    forged = "".join(f"{name}: evil\r\n" for name in (*OURS, *FRAMING[2:]))
    said = (
        f"HTTP/1.1 103 Early Hints\r\n{forged}\r\n"
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n{forged}\r\n"
    )
    async with routers.a_router() as router, routers.a_model_that_says(said.encode()) as one:
        router.use(Variant1=(1, [one.address]))
        lines, body = await raw_answer(
            router, b"POST /invocations HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
        )
    check_answer(lines, "Variant1")
    assert body == b"y"


async def test_what_the_router_refuses_carries_nothing_of_the_client_in_a_header() -> None:
    sent = (
        b"POST /evil%0d%0aX:evil HTTP/1.1\r\nHost: h\r\nX-Amzn-RequestId: evil\r\nContent-Length: 1\r\n\r\nx"
    )
    async with routers.a_router() as router, routers.a_model("one") as one:
        router.use(Variant1=(1, [one.address]))
        lines, body = await asyncio.wait_for(raw_answer(router, sent), 5)
    check_answer(lines, None)
    assert b"There is nothing at /evil" in body


async def test_the_head_for_the_model_has_one_length_and_no_more_than_we_let_through() -> None:
    async with routers.a_router() as router, scripted_servers.a_scripted_server(scripted_servers.echo) as one:
        router.use(Variant1=(1, [one.address]))
        sent = b"POST /invocations?x=y HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nTransfer-Encoding: chunked\r\n\r\n"
        await raw_answer(router, sent + b"1\r\nx\r\n0\r\n\r\n")
        lines = one.requests[0][0].decode().strip().split("\r\n")
    assert lines == ["POST /invocations HTTP/1.1", f"Host: {one.address}", "Content-Length: 1"]
