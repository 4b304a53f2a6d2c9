"""Bring your own container: an image that is not ours is a variant beside an XGBoost variant, and is treated alike."""

import contextlib
import http.client
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent import futures
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions
import pytest

from endpoint_contract import ports
from tests.cluster import images
from tests.demo import traffic
from tests.e2e import endpoints, load

Handle = Callable[[str], endpoints.LiveEndpoint]
REQUESTS = 400
HELD = 4
HOLD = {"X-Amzn-SageMaker-Target-Variant": "Own", "X-Amzn-SageMaker-Custom-Attributes": "hold"}


@pytest.fixture(scope="module")
def mixed(endpoint: Handle, data_urls: dict[str, str]) -> endpoints.LiveEndpoint:
    """Our server on one model, somebody else's on the other."""
    images.provide(["own-container"])
    live = endpoint("mixed")
    own = endpoints.VariantSpec("Own", data_urls["Variant1"], 0.5, image=images.reference("own-container"))
    live.apply_config("mixed-1", [endpoints.VariantSpec("Trees", data_urls["Variant2"], 0.5), own])
    live.apply("mixed-1")
    live.wait_until_ready()
    return live


@pytest.fixture
def runtime(mixed: endpoints.LiveEndpoint) -> Any:
    return traffic.client(mixed.url())


def ask(runtime: Any, row: str, variant: str | None = None) -> tuple[str, bytes, str]:
    """Who answered, what, and its custom attributes."""
    named = {"TargetVariant": variant} if variant else {}
    answer = runtime.invoke_endpoint(EndpointName="mixed", ContentType="text/csv", Body=row, **named)
    return answer["InvokedProductionVariant"], answer["Body"].read(), answer.get("CustomAttributes", "")


def test_both_answer_when_named(runtime: Any, row: str) -> None:
    own = b'{"trees": 100, "cells": %d}' % len(row.split(","))
    assert ask(runtime, row, "Own") == ("Own", own, "served-by=__main__")
    variant, score, attributes = ask(runtime, row, "Trees")
    assert (variant, attributes) == ("Trees", "")
    assert 0 < float(score) < 1


async def test_the_split_holds_between_them(mixed: endpoints.LiveEndpoint, row: str) -> None:
    answers = await load.burst(mixed.url(), row, REQUESTS)
    counts = Counter(variant for variant, _ in answers)
    assert counts.total() == REQUESTS
    assert min(counts["Own"], counts["Trees"]) > REQUESTS * 0.35
    assert all(body.startswith('{"trees"') == (variant == "Own") for variant, body in answers)


def test_its_own_errors_reach_the_client_as_model_errors(runtime: Any) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        runtime.invoke_endpoint(
            EndpointName="mixed", ContentType="text/csv", Body="not,numbers", TargetVariant="Own"
        )
    answer = raised.value.response
    assert answer["Error"]["Code"] == "ModelError"
    assert (answer["OriginalStatusCode"], answer["OriginalMessage"]) == (400, "not a row of numbers")


def test_its_weight_moves_like_any_others(mixed: endpoints.LiveEndpoint, runtime: Any, row: str) -> None:
    pods = mixed.pod_uids()
    mixed.patch({"weights": {"Own": 0}})
    mixed.wait_for_condition("WeightsApplied", "True")
    assert {ask(runtime, row)[0] for _ in range(30)} == {"Trees"}
    assert ask(runtime, row, "Own")[0] == "Own"
    assert mixed.pod_uids() == pods


def test_deleting_the_endpoint_cuts_off_no_request(mixed: endpoints.LiveEndpoint, row: str) -> None:
    url = mixed.url()
    (own,) = mixed.pod_uids("Own")
    model = f"http://{mixed.addresses(ports.MODEL_SERVER)[own]}"
    with futures.ThreadPoolExecutor() as clients:
        held = [clients.submit(post, connected(url), row, HOLD) for _ in range(HELD)]
        mixed.wait_until(lambda: get(f"{model}/held") == str(HELD), "the model has them")
        others = [clients.submit(post_until_nobody_listens, url, row) for _ in range(2)]
        mixed.delete()
        meanwhile = {answer for other in others for answer in other.result(timeout=60)}
        get(f"{model}/release")
        assert [request.result(timeout=60) for request in held] == [(200, "")] * HELD
    assert meanwhile <= {(200, ""), (503, "ServiceUnavailable")}


def connected(url: str) -> http.client.HTTPConnection:
    """Raises OSError when nobody listens."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=2)
    connection.connect()
    connection.sock.settimeout(70)
    return connection


def post(connection: http.client.HTTPConnection, row: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and error type of the answer; raises OSError or HTTPException when it is cut off."""
    with contextlib.closing(connection):
        connection.request("POST", "/invocations", row, {"Content-Type": "text/csv", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("x-amzn-ErrorType", "")


def post_until_nobody_listens(url: str, row: str) -> list[tuple[int, str]]:
    """What `post` gives for one request after the other, each over a connection of its own."""
    answers: list[tuple[int, str]] = []
    while True:
        try:
            connection = connected(url)
        except OSError:
            return answers
        answers.append(post(connection, row, {}))


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())
