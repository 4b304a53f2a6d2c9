"""One condition's finding."""

from dataclasses import dataclass
from typing import Self

from endpoint_operator.status import advice

TRUE = "True"
FALSE = "False"
UNKNOWN = "Unknown"

LONGEST = 2000
"""Characters of what one thing has to say; a message may say several."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``status`` is True, False or Unknown as the API spells them; ``reason`` one word, ``message`` sentences."""

    status: str
    reason: str
    message: str

    @classmethod
    def advised(cls, status: str, reason: str, message: str) -> Self:
        """A verdict whose message ends with what to do about it."""
        return cls(status, reason, advice.after(reason, message[:LONGEST]))
