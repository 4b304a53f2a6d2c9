"""What a production variant may be called: SageMaker's rule."""

import re

PATTERN = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
MAX_LENGTH = 63

_COMPILED = re.compile(PATTERN[:-1] + r"\Z")


def is_valid(name: str) -> bool:
    """Whether ``name`` is a variantName that SageMaker and our CRDs accept."""
    return len(name) <= MAX_LENGTH and _COMPILED.match(name) is not None
