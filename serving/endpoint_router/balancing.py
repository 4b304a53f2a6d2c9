"""Which of a variant's pods takes a request: of two drawn at random, the one with fewer requests outstanding.

Pure but for the counts that it reads; `upstream` keeps them.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class HasLoad(Protocol):
    """A pod that can be chosen."""

    outstanding: int
    is_own: bool


PodT = TypeVar("PodT", bound=HasLoad)


def pick(pods: Sequence[PodT], number: float) -> PodT:
    """The better of two distinct pods that ``number``, in [0, 1), draws uniformly; a tie goes to the own pod.

    ``pods`` must not be empty.
    """
    count = len(pods)
    if count == 1:
        return pods[0]
    first, second = divmod(int(number * (count * (count - 1))), count - 1)
    if second >= first:
        second += 1
    one, other = pods[first], pods[second]
    if one.outstanding != other.outstanding:
        return one if one.outstanding < other.outstanding else other
    return other if other.is_own else one


def pick_another(tiers: Sequence[Sequence[PodT]], tried: Sequence[PodT], number: float) -> PodT | None:
    """A pod that was not tried yet, of the first tier that has one, chosen like `pick`; None when none has."""
    for pods in tiers:
        left = [pod for pod in pods if pod not in tried]
        if left:
            return pick(left, number)
    return None
