"""How long a route table takes from its write until the last router was heard to apply it."""

from collections.abc import Callable

from endpoint_operator.reconcile import metrics
from endpoint_operator.reconcile.keys import Key
from endpoint_operator.rollout import plan as plans


class Propagation:
    """Remembers, of each endpoint, the last table written by this process and when (``clock``, seconds)."""

    def __init__(self, numbers: metrics.Metrics, clock: Callable[[], float]) -> None:
        self._numbers = numbers
        self._clock = clock
        self._written: dict[Key, tuple[tuple[int, str], float]] = {}

    def note(
        self, key: Key, table: tuple[int, str] | None, *, is_written: bool, view: plans.RouterView
    ) -> None:
        """``table`` is the one that routers should run, just written or not; ``view`` says who runs it."""
        if table is None:
            self.forget(key)
        elif is_written:
            # Where no router runs yet, the time until the first one starts is none of a table's travelling.
            if view.applied or not view.all_applied:
                self._written[key] = (table, self._clock())
        elif key in self._written and self._written[key][0] == table and view.applied and view.all_applied:
            self._numbers.observe_propagation(self._clock() - self._written.pop(key)[1])

    def forget(self, key: Key) -> None:
        """The endpoint is gone."""
        self._written.pop(key, None)
