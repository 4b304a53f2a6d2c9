"""What the spec asks for of a roll-out's variants: its override, else the config's initial value."""

import math
from collections.abc import Iterable, Mapping

from endpoint_operator.desired import roll_out

RELATIVE_TOLERANCE = 1e-6
"""Two weights this close are one: SageMaker's are 32-bit floats, so 0.8 comes back as 0.800000011920929."""


def weights(stored: roll_out.StoredRollOut, overrides: Mapping[str, float]) -> dict[str, float]:
    """The weight asked for of each variant, by name."""
    return {
        variant.variant_name: float(overrides.get(variant.variant_name, variant.initial_variant_weight))
        for variant in stored.variants
    }


def counts(stored: roll_out.StoredRollOut, overrides: Mapping[str, int]) -> dict[str, int]:
    """The number of pods asked for of each variant, by name."""
    return {
        variant.variant_name: overrides.get(variant.variant_name, variant.initial_instance_count)
        for variant in stored.variants
    }


def known(names: Iterable[str], stored: roll_out.StoredRollOut | None) -> tuple[str, ...]:
    """Those of ``names`` that the roll-out has a variant of, sorted."""
    have = {variant.variant_name for variant in stored.variants} if stored else set()
    return tuple(sorted(have.intersection(names)))


def unknown(names: Iterable[str], *roll_outs: roll_out.StoredRollOut | None) -> tuple[str, ...]:
    """Those of ``names`` that no roll-out has a variant of, sorted."""
    have = {variant.variant_name for stored in roll_outs if stored for variant in stored.variants}
    return tuple(sorted(set(names) - have))


def all_zero(weights: Mapping[str, float]) -> bool:
    """Whether nobody would get an untargeted request."""
    return not any(weight > 0 for weight in weights.values())


def same(one: float, other: float) -> bool:
    """Whether two weights are one within the tolerance; 0 equals only 0, which promises no request ever."""
    return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=0.0)
