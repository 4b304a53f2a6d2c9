"""What the routers of an endpoint are known to do, from their answers."""

from collections.abc import Iterable

from endpoint_contract import route_table, router_report
from endpoint_operator.rollout.observed import Observed, Unreachable, last_report
from endpoint_operator.rollout.plan import RouterView

PATIENCE = 3.0
"""Seconds that a cut-over waits for a router that does not answer: longer than a blip, no nuisance."""


def view(observed: Observed, table: route_table.RouteTable | None) -> RouterView:
    """Which routers run ``table``.

    A router that ran it when it last answered runs it still: tables reach a router in the order of their
    writing. Revision and digest must both agree, since going back and forth repeats a digest.
    """
    applied, behind, silent, unasked = [], [], [], []
    for name in sorted(pod.name for pod in observed.routers):
        answer = observed.reports.get(name)
        last = last_report(answer)
        if last is not None and table is not None and _runs(last, table):
            applied.append(name)
        elif answer is None:
            unasked.append(name)
        elif isinstance(answer, Unreachable):
            silent.append((name, answer.since))
        else:
            behind.append(name)
    return RouterView(tuple(applied), tuple(behind), tuple(silent), tuple(unasked))


def without_addresses(observed: Observed, services: Iterable[str]) -> tuple[str, ...]:
    """The pods whose routers can't send requests to each of ``services`` yet, sorted.

    A router that has not answered for `PATIENCE` seconds is not waited for: until it hears of the new pods it
    falls back on the old ones.
    """
    wanted = tuple(services)
    return tuple(sorted(pod.name for pod in observed.routers if _lacks(observed, pod.name, wanted)))


def patience_left(observed: Observed) -> float | None:
    """Seconds until the first silent router is not waited for any more; None without one."""
    left = [
        answer.since + PATIENCE - observed.now
        for answer in _answers(observed)
        if isinstance(answer, Unreachable) and answer.since + PATIENCE > observed.now
    ]
    return min(left, default=None)


def oldest_table(observed: Observed) -> route_table.RouteTable | None:
    """The oldest table that any router runs, as far as they have answered."""
    return min(_tables(observed), key=_revision, default=None)


def are_all_heard(observed: Observed) -> bool:
    """Whether every router has answered at least once: of one that has not, nobody knows how old its table is."""
    answers = _answers(observed)
    return len(answers) == len(observed.routers) and all(
        last_report(answer) is not None for answer in answers
    )


def newest_table(observed: Observed) -> route_table.RouteTable | None:
    """The newest table that any router runs: what is left of the split when the stored one is gone."""
    return max(_tables(observed), key=_revision, default=None)


def next_revision(observed: Observed) -> int:
    """A revision newer than every one seen, also in a table that was deleted and that routers still run."""
    stored = [observed.table] if observed.table else []
    return max((table.revision for table in (*stored, *_tables(observed))), default=0) + 1


def _lacks(observed: Observed, pod: str, services: tuple[str, ...]) -> bool:
    answer = observed.reports.get(pod)
    if isinstance(answer, Unreachable):
        return answer.since + PATIENCE > observed.now
    return answer is None or any(answer.ready_addresses.get(service, 0) < 1 for service in services)


def _runs(report: router_report.RouterReport, table: route_table.RouteTable) -> bool:
    return report.table.revision == table.revision and report.table.digest() == table.digest()


def _answers(observed: Observed) -> list[router_report.RouterReport | Unreachable]:
    return [observed.reports[pod.name] for pod in observed.routers if pod.name in observed.reports]


def _tables(observed: Observed) -> list[route_table.RouteTable]:
    return [last.table for last in map(last_report, _answers(observed)) if last is not None]


def _revision(table: route_table.RouteTable) -> int:
    return table.revision
