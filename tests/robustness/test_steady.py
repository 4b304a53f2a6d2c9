"""Short forms of the long run, and the real router with a pod that spoils what it gets."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path

from endpoint_contract import route_table
from tests.builders import figures, routers, waiting
from tests.robustness import paced, steady


async def test_a_table_that_changes_under_load_costs_no_request(
    tmp_path: Path, figure: figures.Figure
) -> None:
    plan = steady.Plan(seconds=2.5, change_every=0.2, rate=300.0, connections=8, look_every=1.0)
    async with routers.a_model("one") as one, routers.a_model("two") as two:
        contents = steady.tables(one.address, two.address)
        async with steady.a_router(tmp_path, contents) as programs:
            outcome = await steady.run(plan, programs, contents)
    assert outcome.failed == 0
    assert outcome.load.statuses[200] > 100
    assert len(outcome.changes) >= 1
    assert min(len(one.requests), len(two.requests)) > 10
    figure(f"{len(outcome.changes)} changes of the table, {outcome.load.statuses[200]} requests, 0 failed")


async def test_a_pod_that_spoils_what_it_gets_is_given_no_more_and_comes_back(tmp_path: Path) -> None:
    async with (
        routers.a_model("one") as one,
        routers.a_model("two") as two,
        routers.a_model_that_says(b"") as bad,
    ):
        addresses = (one.address, two.address, bad.address)
        contents = itertools.repeat(a_table(*addresses))
        async with steady.a_router(tmp_path, contents) as programs:
            load = paced.Paced(programs.port, b"1\n", rate=400.0, connections=4)
            loading = asyncio.create_task(load.run())
            log = tmp_path / "router.log"
            await waiting.until(lambda: "is ejected for 10 s" in log.read_text(), seconds=30)
            spoilt = len(bad.requests)
            enough = load.statuses.total() + 200
            await waiting.until(lambda: load.statuses.total() > enough, seconds=30)
            load.stop()
            await loading
    assert load.statuses == Counter({200: load.statuses[200], 424: spoilt})
    assert f"pod {bad.address} of variant Variant1" in log.read_text()
    assert len(bad.requests) == spoilt, "while it is out it gets nothing"


def a_table(*addresses: str) -> str:
    """One variant with these pods."""
    backend = route_table.Backend(addresses=addresses)
    variant = route_table.Variant("Variant1", 1.0, (backend,))
    return route_table.render(route_table.RouteTable("churn", 1, (variant,)))


def test_requests_around_a_change_are_told_from_the_others() -> None:
    outcome = steady.Outcome(paced.Paced(0, b"", rate=1.0, connections=1), changes=[10.0, 20.0])
    for sent, took in ((9.9, 1.0), (10.0, 2.0), (10.2, 3.0), (10.4, 4.0), (20.1, 5.0), (25.0, 6.0)):
        outcome.load.sent.append(sent)
        outcome.load.took.append(took)
    assert outcome.latencies() == ([2.0, 3.0, 5.0], [1.0, 4.0, 6.0])
