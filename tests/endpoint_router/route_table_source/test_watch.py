import asyncio
import contextlib
import random
import statistics
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_router.route_table_source import api_server, watch
from tests.builders import kubernetes_api, waiting

PATH = kubernetes_api.CONFIG_MAPS
FAST = watch.Timing(watch=30.0, first_wait=0.01, longest_wait=0.05, stable_after=0.0)


def an_object(name: str, value: int) -> dict[str, Any]:
    return {"metadata": {"name": name}, "value": value}


class Seen:
    """What a collection handed on: all states, and the last."""

    def __init__(self) -> None:
        self.states: list[dict[str, int]] = []

    def note(self, items: Mapping[str, int]) -> None:
        self.states.append(dict(items))

    @property
    def last(self) -> dict[str, int] | None:
        return self.states[-1] if self.states else None


@pytest.fixture
async def api() -> AsyncIterator[kubernetes_api.KubernetesApi]:
    async with kubernetes_api.a_kubernetes_api() as running:
        yield running


@contextlib.asynccontextmanager
async def following(
    api: kubernetes_api.KubernetesApi, account: Path = Path("/nonexistent"), timing: watch.Timing = FAST
) -> AsyncIterator[Seen]:
    seen = Seen()
    collection = watch.Collection(
        api_server.ApiServer(api.url, "shop", account / "token", account / "ca.crt"),
        watch.Selection(PATH, {}, lambda document: int(document["value"])),
        seen.note,
        timing,
        random.Random(1),
    )
    task = asyncio.create_task(collection.run())
    try:
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_the_list_comes_whole_and_each_change_after_it(api: kubernetes_api.KubernetesApi) -> None:
    api.put(PATH, an_object("a", 1))
    api.put(PATH, an_object("b", 2))
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.put(PATH, an_object("b", 3))
        api.put(PATH, an_object("c", 4))
        api.delete(PATH, "a")
        await waiting.until(lambda: len(seen.states) == 4)
    assert seen.states == [{"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1, "b": 3, "c": 4}, {"b": 3, "c": 4}]


async def test_a_change_arrives_within_milliseconds(api: kubernetes_api.KubernetesApi) -> None:
    loop = asyncio.get_running_loop()
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        taken = []
        for number in range(5):
            started = loop.time()
            api.put(PATH, an_object("a", number))
            await waiting.until(lambda wanted=number: seen.last == {"a": wanted})  # type: ignore[misc]
            taken.append(loop.time() - started)
        assert statistics.median(taken) < 0.1


@pytest.mark.parametrize("end", ["end_watches", "cut_watches"])
async def test_a_watch_that_ends_is_resumed_and_misses_nothing(
    api: kubernetes_api.KubernetesApi, end: str
) -> None:
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        getattr(api, end)()
        api.put(PATH, an_object("a", 1))
        await waiting.until(lambda: seen.last == {"a": 1} and api.watches(PATH) == 1)
        getattr(api, end)()
        await waiting.until(lambda: api.count("watch", PATH) == 3)
    assert api.count("list", PATH) == 1


async def test_a_bookmark_moves_the_version_so_that_history_may_be_forgotten(
    api: kubernetes_api.KubernetesApi,
) -> None:
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.expire()
        api.bookmark(PATH)
        api.put(PATH, an_object("a", 1))
        await waiting.until(lambda: seen.last == {"a": 1})
        api.end_watches()
        await waiting.until(lambda: api.count("watch", PATH) == 2 and api.watches(PATH) == 1)
    assert api.count("list", PATH) == 1
    assert seen.states == [{}, {"a": 1}], "a bookmark is no change"


async def test_an_expired_version_is_listed_anew(api: kubernetes_api.KubernetesApi) -> None:
    api.put(PATH, an_object("a", 1))
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.cut_watches()
        api.delete(PATH, "a")
        api.put(PATH, an_object("b", 2))
        api.expire()
        await waiting.until(lambda: seen.last == {"b": 2})
    assert api.count("list", PATH) == 2
    assert {} not in seen.states, "what is known stays until the new list is there"


async def test_an_error_event_in_the_stream_is_answered_by_a_list(api: kubernetes_api.KubernetesApi) -> None:
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.end_watches_with_410()
        await waiting.until(lambda: api.count("list", PATH) == 2 and api.watches(PATH) == 1)
        api.put(PATH, an_object("a", 1))
        await waiting.until(lambda: seen.last == {"a": 1})


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"<html>\n", id="no JSON"),
        pytest.param(b"[]\n", id="no object"),
        pytest.param(b'{"type": "ADDED"}\n', id="no subject"),
        pytest.param(b'{"type": "ADDED", "object": {"metadata": {"name": "x"}}}\n', id="no version"),
        pytest.param(
            b'{"type": "ADDED", "object": {"metadata": {"name": "x", "resourceVersion": "1"}, "value": "x"}}\n',
            id="not decodable",
        ),
        pytest.param(b"\xff\xfe\n", id="no text"),
    ],
)
async def test_nonsense_changes_nothing_and_is_answered_by_a_list(
    api: kubernetes_api.KubernetesApi, garbage: bytes
) -> None:
    api.put(PATH, an_object("a", 1))
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.send_raw(PATH, garbage)
        await waiting.until(lambda: api.count("list", PATH) == 2 and api.watches(PATH) == 1)
    assert all(state == {"a": 1} for state in seen.states)


@pytest.mark.parametrize("fault", ["cut", "garbage", 401, 403, 410, 429, 500, 503])
async def test_a_fault_keeps_what_is_known_and_heals(
    api: kubernetes_api.KubernetesApi, caplog: pytest.LogCaptureFixture, fault: str | int
) -> None:
    api.put(PATH, an_object("a", 1))
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.fault = fault
        api.cut_watches()
        before = len(api.asked)
        await waiting.until(lambda: len(api.asked) >= before + 5)
        assert seen.states == [{"a": 1}]
        api.put(PATH, an_object("a", 2))
        api.fault = None
        await waiting.until(lambda: seen.last == {"a": 2} and api.watches(PATH) == 1)
    warnings = [
        record
        for record in caplog.records
        if record.levelname == "WARNING" and record.name.startswith("endpoint_router")
    ]
    assert len(warnings) == 1, "an outage is told once, not at every try"


async def test_an_api_that_goes_and_comes_back_is_found_again(api: kubernetes_api.KubernetesApi) -> None:
    api.put(PATH, an_object("a", 1))
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        await api.stop()
        api.put(PATH, an_object("a", 2))
        await api.start()
        await waiting.until(lambda: seen.last == {"a": 2})


async def test_an_api_that_accepts_and_never_answers_is_given_up(
    api: kubernetes_api.KubernetesApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_server, "ANSWER_SECONDS", 0.05)
    api.put(PATH, an_object("a", 1))
    api.fault = "hang"
    async with following(api) as seen:
        await waiting.until(lambda: api.count("list", PATH) >= 2)
        api.fault = None
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.fault = "hang"
        api.cut_watches()
        await waiting.until(lambda: api.count("watch", PATH) >= 3)
        api.fault = None
        api.put(PATH, an_object("a", 2))
        await waiting.until(lambda: seen.last == {"a": 2})


async def test_a_watch_that_falls_silent_beyond_its_time_is_given_up(
    api: kubernetes_api.KubernetesApi,
) -> None:
    timing = watch.Timing(
        watch=1.0, silence_beyond_watch=-0.9, first_wait=0.01, longest_wait=0.05, stable_after=0.0
    )
    async with following(api, timing=timing):
        await waiting.until(lambda: api.count("watch", PATH) >= 3)
    assert api.count("watch", PATH) >= 3


async def test_a_watch_that_ends_at_once_does_not_turn_into_a_busy_loop(
    api: kubernetes_api.KubernetesApi,
) -> None:
    timing = watch.Timing(watch=30.0, first_wait=0.1, longest_wait=1.0, stable_after=60.0)
    began = asyncio.get_running_loop().time()
    async with following(api, timing=timing):
        while api.count("watch", PATH) < 4:
            await asyncio.sleep(0.01)
            api.end_watches()
    assert asyncio.get_running_loop().time() - began > 0.3, "waits of at least 0.05, 0.1 and 0.2 s"


async def test_every_request_carries_the_token_of_that_moment(
    api: kubernetes_api.KubernetesApi, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("first\n")
    async with following(api, account=tmp_path):
        await waiting.until(lambda: api.watches(PATH) == 1)
        (tmp_path / "token").write_text("second")
        api.end_watches()
        await waiting.until(lambda: api.count("watch", PATH) == 2)
    assert [asked.authorization for asked in api.asked] == ["Bearer first", "Bearer first", "Bearer second"]


async def test_an_event_larger_than_any_read_buffer_arrives(api: kubernetes_api.KubernetesApi) -> None:
    async with following(api) as seen:
        await waiting.until(lambda: api.watches(PATH) == 1)
        api.put(PATH, an_object("a", 1) | {"ballast": "x" * 900_000})
        await waiting.until(lambda: seen.last == {"a": 1})
    assert api.count("list", PATH) == 1


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line and line.strip())), st.data())
async def test_lines_do_not_depend_on_how_they_are_cut_into_chunks(
    wanted: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(line + b"\n" for line in wanted) + b"unfinished"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))

    async def chunks() -> AsyncIterator[bytes]:
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            yield stream[start:end]

    assert [line async for line in watch.lines(chunks())] == wanted
