"""Which share of the routing a number in [0, 1) falls into; nothing else decides where a request goes.

Pure: the same shares and the same number give the same choice. The part of the number that the choice did not use
up is uniform again and serves the next choice, so one random number is enough for a request.
"""

from collections.abc import Container, Sequence
from typing import Protocol, TypeVar

_BELOW_ONE = 1 - 2**-53


class HasUpper(Protocol):
    """A share of the draws: from the previous share's ``upper``, or 0, up to its own."""

    @property
    def upper(self) -> float:
        """Cumulated share, 0..1; the last one's is exactly 1."""


class HasVariant(HasUpper, Protocol):
    """A share that belongs to a variant."""

    @property
    def variant(self) -> str:
        """The variant's name."""


ShareT = TypeVar("ShareT", bound=HasVariant)


def draw(shares: Sequence[HasUpper], number: float) -> tuple[int, float]:
    """The index of the share that ``number`` falls into, and how far it lies within it, in [0, 1).

    ``shares`` must not be empty.
    """
    lower = 0.0
    index = 0
    for share in shares:
        upper = share.upper
        if number < upper:
            rest = (number - lower) / (upper - lower)
            return index, rest if rest < 1.0 else _BELOW_ONE
        lower = upper
        index += 1  # noqa: SIM113  cheaper than enumerate here
    raise ValueError("no share, or a number outside [0, 1)")


def draw_other(shares: Sequence[ShareT], given_up: Container[str], number: float) -> ShareT | None:
    """A share of a variant that is not in ``given_up``, drawn by the shares' sizes with ``number`` in [0, 1).

    None when no variant is left.
    """
    lowers = [0.0, *(share.upper for share in shares)]
    left = [
        (share, share.upper - lower)
        for share, lower in zip(shares, lowers, strict=False)
        if share.variant not in given_up
    ]
    point = number * sum(size for _, size in left)
    for share, size in left:
        point -= size
        if point < 0:
            return share
    return left[-1][0] if left else None
