"""Models in XGBoost's old binary format, built field by field: the XGBoost that the tests run does not write it."""

import struct

_LEAF = struct.pack("<iiiIf", -1, -1, -1, 0, 0.0)
"""A node: its parent, its children, what it splits by, its value."""


def a_model(
    *,
    booster: str = "gbtree",
    version: tuple[int, int] = (1, 7),
    trees: int = 2,
    leaf_vector: bool = False,
    attributes: dict[str, str] | None = None,
    metrics: tuple[str, ...] = (),
    magic: bool = True,
) -> bytes:
    """A model of 5 features and trees of 3 nodes, each of them a leaf of value 0."""
    pairs = list((attributes or {}).items())
    flags = (int(bool(pairs)), int(bool(metrics)))
    parts = [b"binf" if magic else b"", struct.pack("<fIiiiII108x", 0.5, 5, 0, *flags, *version)]
    parts += [_text("binary:logistic"), _text(booster)]
    if booster == "gblinear":
        parts += [bytes(136), struct.pack("<Q", 6), bytes(24)]
    else:
        parts += [struct.pack("<i156x", trees), *(_tree(leaf_vector) for _ in range(trees)), bytes(4 * trees)]
    if booster == "dart" and trees:
        parts += [struct.pack("<Q", trees), bytes(4 * trees)]
    if pairs:
        parts += [struct.pack("<Q", len(pairs)), *(_text(text) for pair in pairs for text in pair)]
    if metrics:
        parts += [struct.pack("<Q", len(metrics)), *map(_text, metrics)]
    return b"".join(parts)


def _tree(leaf_vector: bool) -> bytes:
    nodes = 3
    vector = struct.pack("<Q", nodes) + bytes(4 * nodes) if leaf_vector else b""
    return (
        struct.pack("<4xi12xi124x", nodes, 2 if leaf_vector else 1)
        + _LEAF * nodes
        + bytes(16 * nodes)
        + vector
    )


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()
