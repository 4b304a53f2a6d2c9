"""How sizes are told to people."""


def in_megabytes(size: int) -> str:
    """A size in bytes as people read it."""
    return f"{size / 1e6:.1f} MB"
