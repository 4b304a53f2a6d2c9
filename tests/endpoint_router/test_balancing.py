import math
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_router import balancing


@dataclass(eq=False)
class Pod:
    name: int
    outstanding: int = 0
    is_own: bool = False


def pods(*outstanding: int, own: int = -1) -> list[Pod]:
    return [Pod(i, count, i == own) for i, count in enumerate(outstanding)]


@given(count=st.integers(1, 500), number=st.floats(0, 1, exclude_max=True))
def test_every_number_picks_a_pod(count: int, number: float) -> None:
    assert balancing.pick(pods(*[0] * count), number).name < count


@pytest.mark.parametrize("number", [0.0, 0.49, 0.5, 0.99])
def test_of_two_pods_the_less_busy_one_is_picked(number: float) -> None:
    assert balancing.pick(pods(3, 2), number).name == 1


@pytest.mark.parametrize("number", [0.0, 0.49, 0.5, 0.99])
def test_a_tie_goes_to_the_own_pod(number: float) -> None:
    assert balancing.pick(pods(2, 2, own=1), number).name == 1
    assert balancing.pick(pods(2, 3, own=1), number).name == 0


def test_the_two_are_distinct_and_uniform() -> None:
    chance, count, size = random.Random(3), 60_000, 6
    picked = Counter(balancing.pick(pods(*[0] * size), chance.random()).name for _ in range(count))
    sigma = math.sqrt(count / size * (1 - 1 / size))
    assert all(abs(picked[i] - count / size) <= 5 * sigma for i in range(size))
    busiest = pods(0, 0, 0, 9)
    assert all(balancing.pick(busiest, chance.random()).name != 3 for _ in range(1000))


def test_another_pod_is_one_that_was_not_tried() -> None:
    three = pods(0, 0, 0)
    assert balancing.pick_another([three], three[:2], 0.3) is three[2]
    assert balancing.pick_another([three], three, 0.3) is None


def test_another_pod_is_of_the_first_tier_that_has_one_left() -> None:
    in_service, last_resort = pods(5, 5), pods(0)
    tiers = [in_service, [*in_service, *last_resort]]
    assert balancing.pick_another(tiers, in_service[:1], 0.3) is in_service[1]
    assert balancing.pick_another(tiers, in_service, 0.3) is last_resort[0]
    assert balancing.pick_another(tiers, [*in_service, *last_resort], 0.3) is None
