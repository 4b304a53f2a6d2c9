import asyncio
from collections.abc import Callable, Mapping

import pytest

from endpoint_contract import route_table, router_report
from endpoint_operator.cluster import routers
from endpoint_operator.reconcile import acknowledgements
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.rollout import observed
from tests.builders import waiting

CHURN = Key("shop", "churn")
RHYTHM = acknowledgements.Rhythm(first=0.001, longest=0.01, silent=0.02, calm=60.0)


def a_report(revision: int) -> router_report.RouterReport:
    variants = (route_table.Variant("A", 1.0, (route_table.Backend(service="churn-a-1"),)),)
    return router_report.RouterReport(route_table.RouteTable("churn", revision, variants), {})


def expecting(revision: int, *pods: str, is_waiting: bool = False) -> acknowledgements.Expectation:
    table = a_report(revision).table
    return acknowledgements.Expectation(
        dict.fromkeys(pods, "127.0.0.1"), (revision, table.digest()), is_waiting
    )


class Asker(routers.Asker):
    """Answers what the test says, and counts the rounds."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, observed.RouterAnswer] = {}
        self.rounds = 0
        self.asked: Mapping[str, str] = {}

    async def ask(
        self, addresses: Mapping[str, str], before: Mapping[str, observed.RouterAnswer], now: float
    ) -> dict[str, observed.RouterAnswer]:
        assert set(before) <= {*before, *addresses}
        self.rounds += 1
        self.asked = dict(addresses)
        await asyncio.sleep(0)
        return {name: self.answers.get(name, observed.Unreachable(since=now)) for name in addresses}


class Parts:
    def __init__(self) -> None:
        self.asker = Asker()
        self.changes: list[Key] = []
        self.known = acknowledgements.Acknowledgements(
            self.asker, self.changes.append, clock=lambda: 100.0, rhythm=RHYTHM
        )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        await waiting.until(condition)


async def test_routers_are_asked_until_they_run_the_table_and_then_left_in_peace() -> None:
    parts = Parts()
    parts.asker.answers = {"a": a_report(1), "b": a_report(2)}
    parts.known.expect(CHURN, expecting(2, "a", "b"))
    await until(lambda: parts.asker.rounds > 3)
    parts.asker.answers["a"] = a_report(2)
    await until(lambda: len(parts.changes) == 2)
    rounds = parts.asker.rounds
    await asyncio.sleep(0.05)
    assert parts.asker.rounds <= rounds + 1
    assert parts.known.of(CHURN).answers == {"a": a_report(2), "b": a_report(2)}
    await parts.known.stop()


async def test_the_endpoint_is_looked_at_only_when_an_answer_changes() -> None:
    parts = Parts()
    parts.asker.answers = {"a": a_report(1)}
    parts.known.expect(CHURN, expecting(2, "a"))
    await until(lambda: parts.asker.rounds > 5)
    assert parts.changes == [CHURN]
    await parts.known.stop()


async def test_a_new_table_or_pod_is_asked_about_at_once() -> None:
    parts = Parts()
    parts.asker.answers = {"a": a_report(1), "b": a_report(1)}
    parts.known.expect(CHURN, expecting(1, "a"))
    await until(lambda: parts.changes == [CHURN])
    parts.known.expect(CHURN, expecting(1, "a", "b"))
    await until(lambda: set(parts.asker.asked) == {"a", "b"})
    await parts.known.stop()


def test_a_service_was_named_until_the_first_answer_without_it() -> None:
    other = (route_table.Variant("A", 1.0, (route_table.Backend(service="churn-a-2"),)),)
    newer = router_report.RouterReport(route_table.RouteTable("churn", 2, other), {})
    heard = acknowledgements.Heard(asked_since=10.0)
    for now, answers in (
        (11.0, {"a": a_report(1)}),
        (12.0, {"a": observed.Unreachable(12.0, last=a_report(1))}),
        (13.0, {"a": newer}),
        (14.0, {"a": newer}),
    ):
        heard = acknowledgements.after(heard, answers, now)
    assert heard.named_until == {"churn-a-1": 13.0, "churn-a-2": 14.0}
    later = acknowledgements.after(heard, {"a": newer}, 13.0 + acknowledgements.REMEMBERED)
    assert set(later.named_until) == {"churn-a-2"}
    assert later.asked_since == 10.0


async def test_an_endpoint_without_pods_is_forgotten_and_not_asked_about() -> None:
    parts = Parts()
    parts.known.expect(CHURN, expecting(1, "a"))
    await until(lambda: parts.asker.rounds > 0)
    parts.known.expect(CHURN, expecting(1))
    assert parts.known.of(CHURN).answers == {}
    rounds = parts.asker.rounds
    await asyncio.sleep(0.02)
    assert parts.asker.rounds == rounds
    await parts.known.stop()


@pytest.mark.parametrize(
    ("answers", "is_waiting", "rounds", "expected"),
    [
        pytest.param({"a": a_report(1)}, False, 1, 0.02, id="behind: at once"),
        pytest.param({"a": a_report(1)}, False, 4, 0.16, id="behind: growing"),
        pytest.param({"a": a_report(1)}, False, 40, 1.0, id="behind: at most a second"),
        pytest.param({"a": a_report(2)}, False, 1, 30.0, id="all said"),
        pytest.param({"a": a_report(2)}, True, 40, 1.0, id="all said, but somebody waits"),
        pytest.param({"a": observed.Unreachable(1.0)}, False, 2, 0.04, id="silent: first soon"),
        pytest.param({"a": observed.Unreachable(1.0)}, False, 40, 5.0, id="silent for long: now and then"),
    ],
)
def test_pauses_grow_while_a_router_lags_and_are_longest_when_none_does(
    answers: Mapping[str, observed.RouterAnswer], is_waiting: bool, rounds: int, expected: float
) -> None:
    expectation = expecting(2, "a", is_waiting=is_waiting)
    assert acknowledgements.pause(expectation, answers, rounds, acknowledgements.Rhythm()) == pytest.approx(
        expected
    )
