"""Which pods are left out because they keep failing, and how slowly a new one gets its share.

Semantics and names are those of Envoy's outlier detection and slow start mode. Two things differ. A row of failures
counts only as far as the variant's other pods fared better meanwhile: bad requests, or a model that fails everywhere,
eject nobody. And a pod that came back is on trial until it answers: less is needed to send it away again.

Pure: time is an argument; `upstream` keeps the state and acts.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_LUCK, _LUCK_ON_TRIAL = 1e-4, 1e-2
"""A row of failures that luck alone would give a pod more often than this is not held against it."""
_STEPS = 20
"""In how many steps a share grows: the routing is compiled anew for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Times in seconds, shares within 0..1.

    A failed request counts as outstanding for ``failure_seconds`` more, so that a pod that fails fast does not
    attract more.

    ``consecutive_failures``, unless they may be luck, eject a pod for ``base_ejection_seconds`` times the number of
    its ejections in a row, at most ``max_ejection_seconds``; that number falls by one in every ``interval_seconds``
    in service. 0 failures: nobody is ever ejected. At most the share ``max_ejected`` of a variant's pods is out at
    any time, but one may always be, unless it is the only one.

    During ``slow_start_seconds`` the share of a new or returned pod grows from ``min_share`` to that of the others.
    """

    failure_seconds: float = 1.0
    consecutive_failures: int = 5
    base_ejection_seconds: float = 10.0
    max_ejection_seconds: float = 300.0
    max_ejected: float = 0.5
    interval_seconds: float = 10.0
    slow_start_seconds: float = 10.0
    min_share: float = 0.1

    def step_seconds(self) -> float:
        """How long a share stays the same while it grows."""
        return self.slow_start_seconds / _STEPS


@dataclass(frozen=True, slots=True)
class Tally:
    """What the pods of a variant did so far: requests ``answered``, and ``failed`` tries to get an answer."""

    answered: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """What is remembered of one pod. ``joined_at``: when it came into service or back, in the caller's seconds.

    ``failures`` of the present row, which began when the variant stood at ``before``; ``ejections`` in a row;
    ``out_until`` is -inf in service.
    """

    joined_at: float = -math.inf
    failures: int = 0
    before: Tally = Tally()
    ejections: int = 0
    out_until: float = -math.inf
    is_on_trial: bool = False

    @property
    def is_out(self) -> bool:
        """Whether it is ejected."""
        return self.out_until > -math.inf


def failed(health: Health, before: Tally) -> Health:
    """After one more failure; ``before`` is the variant's tally without it. What an ejected pod does is no news."""
    if health.is_out:
        return health
    starts_row = not health.failures and not health.is_on_trial
    return dataclasses.replace(
        health, failures=health.failures + 1, before=before if starts_row else health.before
    )


def answered(health: Health) -> Health:
    """After an answer that was no failure: the row, or the trial, is over."""
    if health.is_out:
        return health
    return dataclasses.replace(health, failures=0, is_on_trial=False)


def is_outlier(health: Health, now: Tally, rules: Rules) -> bool:
    """Whether the row of failures is the pod's own fault; ``now`` is the variant's tally, the row included.

    With as many failures and answers since the row began, were they dealt out among all requests at random, this
    pod would get nothing but failures about once in 10,000 times (Fisher's exact test). While the others were not
    asked, or failed too, nothing tells this pod from them.
    """
    failures, needed = health.failures, rules.consecutive_failures
    if not needed or health.is_out or failures < (1 if health.is_on_trial else needed):
        return False
    all_failed = max(now.failed - health.before.failed, failures)
    answered_by_others = max(now.answered - health.before.answered, 0)
    luck = _log_choose(all_failed, failures) - _log_choose(all_failed + answered_by_others, failures)
    return luck <= math.log(_LUCK_ON_TRIAL if health.is_on_trial else _LUCK)


def _log_choose(all_of: int, some: int) -> float:
    """The logarithm of the binomial coefficient."""
    return math.lgamma(all_of + 1) - math.lgamma(some + 1) - math.lgamma(all_of - some + 1)


def ejected(health: Health, now: float, rules: Rules) -> Health:
    """Out, for longer the more often in a row."""
    base = rules.base_ejection_seconds
    most = max(rules.max_ejection_seconds, base)
    forgiven = (now - health.joined_at) // rules.interval_seconds if health.ejections else 0.0
    times = max(0, health.ejections - int(forgiven)) + 1
    times = min(times, math.ceil(most / base))
    return Health(joined_at=health.joined_at, ejections=times, out_until=now + min(times * base, most))


def returned(health: Health, now: float, tally: Tally) -> Health:
    """Back in service at ``now``, on trial, with the share of a new pod."""
    return Health(joined_at=now, before=tally, ejections=health.ejections, is_on_trial=True)


def share(health: Health, now: float, rules: Rules) -> float:
    """The part of a full share that a pod may have by its age: above 0, up to 1; it only grows."""
    age = max(0.0, now - health.joined_at)
    if age >= rules.slow_start_seconds:
        return 1.0
    return max(rules.min_share, math.floor(age / rules.slow_start_seconds * _STEPS) / _STEPS)


def most_ejected(pods: int, rules: Rules) -> int:
    """How many of so many pods may be out at the same time: never all."""
    return min(pods - 1, max(1, math.floor(pods * rules.max_ejected))) if pods else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How all pods stand at one moment, by address.

    ``shares`` of those that are known, ``newcomers`` is that of any other; ``out_until`` of the ejected ones.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    newcomers: float = 1.0
    out_until: Mapping[str, float] = field(default_factory=dict)
    rules: Rules = Rules()

    def left_out(self, members: Sequence[str]) -> frozenset[str]:
        """Which ``members`` of a variant get no request. When too many are ejected, the first to return serve now."""
        out = [address for address in members if address in self.out_until]
        if not out:
            return frozenset()
        out.sort(key=lambda address: self.out_until[address], reverse=True)
        return frozenset(out[: most_ejected(len(members), self.rules)])

    def levels(self, addresses: tuple[str, ...]) -> list[tuple[float, tuple[str, ...]]]:
        """Parts of the draws, which sum to 1, each with the addresses that stand for election in it.

        All do in the first part; the younger a pod, the smaller the part up to which it does. Ages count only
        against the oldest pod, so that new pods alone share everything.
        """
        shares = [self.shares.get(address, self.newcomers) for address in addresses]
        oldest = max(shares)
        if min(shares) == oldest:
            return [(1.0, addresses)]
        parts, lower = [], 0.0
        for upper in sorted(set(shares)):
            standing = tuple(address for address, own in zip(addresses, shares, strict=True) if own >= upper)
            parts.append(((upper - lower) / oldest, standing))
            lower = upper
        return parts

    def starting(self, addresses: Iterable[str]) -> int:
        """How many of ``addresses`` have less than the oldest one's share."""
        shares = [self.shares.get(address, self.newcomers) for address in addresses]
        oldest = max(shares, default=1.0)
        return sum(own < oldest for own in shares)


ALL_WELL = Standing()
"""No pod is new and none is ejected."""
