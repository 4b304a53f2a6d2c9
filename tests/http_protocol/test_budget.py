from http_protocol import budget

MIB = 1024 * 1024


class Client:
    """Who asks; ``turns`` notes the order in which they are let in."""

    def __init__(self, name: str, shared: budget.Budget, turns: list[str]) -> None:
        self.name = name
        self.share = budget.Share(shared)
        self._turns = turns

    def take(self, size: int) -> bool:
        return self.share.take(self, size)

    def admit(self) -> None:
        self._turns.append(self.name)


def clients(limit: int, names: str) -> tuple[budget.Budget, list[str], list[Client]]:
    shared, turns = budget.Budget(limit), list[str]()
    return shared, turns, [Client(name, shared, turns) for name in names]


def test_those_for_whom_there_is_no_room_are_let_in_in_order_of_arrival() -> None:
    shared, turns, (a, b, c, d) = clients(10 * MIB, "abcd")
    assert [a.take(6 * MIB), b.take(6 * MIB), c.take(6 * MIB), d.take(MIB)] == [True, False, False, False]
    a.share.give()
    assert turns == ["b"]
    b.share.give()
    assert turns == ["b", "c", "d"], "the small one passed nobody, but shares the room"
    assert shared.held == 7 * MIB


def test_small_bodies_are_not_counted_and_never_wait() -> None:
    shared, _, (a, b) = clients(MIB, "ab")
    assert a.take(6 * MIB)
    assert b.take(budget.LARGE_BYTES)
    assert shared.held == 6 * MIB


def test_a_body_larger_than_the_budget_has_its_turn_alone() -> None:
    _, turns, (a, b) = clients(MIB, "ab")
    assert a.take(MIB // 2)
    assert not b.take(6 * MIB)
    a.share.give()
    assert turns == ["b"]


def test_asking_again_neither_counts_nor_queues_twice() -> None:
    shared, turns, (a, b) = clients(10 * MIB, "ab")
    assert [a.take(6 * MIB), a.take(6 * MIB)] == [True, True]
    assert [b.take(6 * MIB), b.take(6 * MIB)] == [False, False]
    a.share.give()
    assert turns == ["b"]
    assert shared.held == 6 * MIB


def test_who_leaves_the_queue_is_not_let_in_and_holds_up_nobody() -> None:
    shared, turns, (a, b, c) = clients(10 * MIB, "abc")
    assert [a.take(6 * MIB), b.take(6 * MIB), c.take(3 * MIB)] == [True, False, False]
    waited = b.share.is_waiting
    b.share.give()
    assert (waited, b.share.is_waiting) == (True, False)
    assert turns == ["c"]
    assert shared.held == 9 * MIB


def test_what_is_there_already_is_counted_beyond_the_limit() -> None:
    shared, turns, (a, b) = clients(10 * MIB, "ab")
    a.share.force(20 * MIB)
    assert not b.take(MIB)
    a.share.give()
    assert (turns, shared.held) == (["b"], MIB)
    b.share.give()
    assert shared.held == 0
