"""Kubernetes quantities: ``500m``, ``1Gi``, ``2e3``, 4."""

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?\Z")
"""With an exponent of two digits at most: written out, a longer one would fill the memory."""

_BINARY = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def value(quantity: object) -> Decimal | None:
    """The number that a quantity stands for, or None when it is none."""
    match = _FORM.match(str(quantity))
    if match is None or isinstance(quantity, bool):
        return None
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * _BINARY[suffix]
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:])) if suffix else number


def are_equal(left: object, right: object) -> bool:
    """Whether both are quantities and stand for the same number."""
    first = value(left)
    return first is not None and first == value(right)


def canonical(quantity: object) -> str:
    """One spelling for all that mean the same; what is no quantity stays as it is."""
    number = value(quantity)
    return str(quantity) if number is None else f"{number.normalize():f}"
