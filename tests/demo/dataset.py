"""Customers of a telephone company and whether they left: made here, from a seed, so that it can be shared freely.

The columns are those of the well-known churn exercise (one-hot encoded, 69 of them, no header); the
customers are invented. Who leaves follows a logistic rule with noise: long daytime calls, an
international plan and many calls to customer service make leaving likelier, a voice-mail plan less so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20261122
STATES = 51
AREA_CODES = 3
FEATURES = 11 + STATES + AREA_CODES + 2 + 2


@dataclass(frozen=True, slots=True)
class Customers:
    """``features`` is n × 69, float32; ``churned`` has n zeros and ones."""

    features: NDArray[np.float32]
    churned: NDArray[np.int64]

    def part(self, start: int, stop: int) -> "Customers":
        """The customers from ``start`` up to, not including, ``stop``."""
        return Customers(self.features[start:stop], self.churned[start:stop])

    def csv_rows(self) -> list[str]:
        """One line of text/csv for each customer, without the label, as a client sends it."""
        return [",".join(f"{value:g}" for value in row) for row in self.features]


def make(count: int, *, seed: int = SEED) -> Customers:
    """``count`` invented customers, the same ones for the same seed."""
    random = np.random.default_rng(seed)
    usage = _usage(random, count)
    international, voice_mail = random.random(count) < 0.1, random.random(count) < 0.28
    usage[:, 1] *= voice_mail
    states = _one_hot(random.integers(0, STATES, count), STATES)
    areas = _one_hot(random.integers(0, AREA_CODES, count), AREA_CODES)
    plans = [_one_hot(plan.astype(np.int64), 2) for plan in (international, voice_mail)]
    features = np.hstack([usage, states, areas, *plans]).astype(np.float32)
    leaving = _leaving(usage, international, voice_mail)
    churned = (random.random(count) < leaving).astype(np.int64)
    return Customers(np.round(features, 2), churned)


def _usage(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Account length, voice mails, then minutes and calls by day, evening, night and abroad, and service calls."""
    columns = [
        random.integers(1, 240, count),
        random.normal(29, 7, count).clip(4, 51).round(),
        random.normal(180, 54, count).clip(0).round(1),
        random.normal(100, 20, count).clip(0).round(),
        random.normal(201, 51, count).clip(0).round(1),
        random.normal(100, 20, count).clip(0).round(),
        random.normal(201, 51, count).clip(0).round(1),
        random.normal(100, 20, count).clip(0).round(),
        random.normal(10.2, 2.8, count).clip(0).round(1),
        random.poisson(4.5, count),
        random.poisson(1.6, count),
    ]
    return np.column_stack(columns).astype(np.float64)


def _leaving(
    usage: NDArray[np.float64], international: NDArray[np.bool_], voice_mail: NDArray[np.bool_]
) -> NDArray[np.float64]:
    day_minutes, evening_minutes, service_calls = usage[:, 2], usage[:, 4], usage[:, 10]
    score = (
        -3.7
        + 5.0 * (day_minutes > 245) * ~voice_mail
        + 0.008 * (evening_minutes - 200)
        + 2.6 * international
        + 4.2 * (service_calls >= 4) * (day_minutes < 190)
        + 0.5 * (service_calls == 3)
        - 1.0 * voice_mail
    )
    return np.asarray(1 / (1 + np.exp(-score)))


def _one_hot(values: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    return np.eye(size)[values]
