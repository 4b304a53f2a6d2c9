"""One file that should be a model: which format it has, which XGBoost wrote it, and whether ours may load it.

Decided on the content, never on the name: SageMaker's own models are called ``xgboost-model``.
"""

import re

from xgboost_server import binary_format, errors, ubjson

_CONVERT = "turn it into JSON with `xgboost-server convert`"
_JSON_VERSION = re.compile(rb'(?<!\\)"version"\s*:\s*\[\s*(\d{1,4})\s*,\s*(\d{1,4})\s*,\s*(\d{1,4})\s*\]')
_JSON_TAIL = 1024
"""XGBoost writes the version last; only a file that something else has rewritten is searched whole."""

_FOREIGN = (
    (rb"\x1f\x8b", "a gzip archive: pack the model file itself into the artefact"),
    (rb"PK\x03\x04", "a zip archive: pack the model file itself into the artefact"),
    (rb"(?s:.{257})ustar", "a tar archive: pack the model file itself into the artefact"),
    (rb"bs64", "in XGBoost's old text format, which no XGBoost reads any more"),
    (rb"booster\[0\]:", "a text dump of a model's trees, which XGBoost cannot read back: use save_model"),
    (
        rb'\s*\[\s*\{\s*"nodeid"',
        "a JSON dump of a model's trees, which XGBoost cannot read back: use save_model",
    ),
    (rb"tree\nversion=", "a LightGBM model: this server runs XGBoost only"),
    (rb'\s*\{\s*"name"\s*:\s*"tree"', "a dump of a LightGBM model: this server runs XGBoost only"),
    (rb"CBM1", "a CatBoost model: this server runs XGBoost only"),
    (rb"\x93NUMPY", "a NumPy array, not a model"),
    (rb"\x89HDF", "an HDF5 file, not an XGBoost model"),
    (rb"\s*<\?xml", "an XML file, not an XGBoost model"),
    (rb"\x78[\x01\x5e\x9c\xda]", "compressed by joblib or zlib: save the Booster itself with save_model"),
)
"""What other files begin with."""


_LEAF_SIZE = re.compile(rb'size_leaf_vector(?:"\s*:\s*"|SL.{8})(\d+)', re.DOTALL)
_NEW_VECTOR_LEAVES = (3, 2)
"""The XGBoost that crashes when it loads trees of several outputs that an older one wrote."""


def check(name: str, content: bytes, running: tuple[int, ...]) -> str:
    """The version that wrote the model, as text.

    Raises ModelLoadError, naming ``name``, unless ``content`` is a whole model that ``running`` XGBoost reads. A model
    of a newer XGBoost loads without an error in an older one and predicts nonsense: it is refused.
    """
    if not content.strip():
        raise errors.ModelLoadError(f"{name} is empty")
    if is_pickle(content):
        raise errors.ModelLoadError(
            f"{name} is a Python pickle, which can run any code when it is read and so is never read here: "
            f"{_CONVERT}"
        )
    for beginning, what in _FOREIGN:
        if re.match(beginning, content):
            raise errors.ModelLoadError(f"{name} is {what}")
    written_by = _version(name, content, running)
    if written_by is None:
        raise errors.ModelLoadError(
            f"{name} names no XGBoost version: it is no XGBoost model, or was cut off"
        )
    writer, reader = ubjson.render(written_by), ubjson.render(running)
    if written_by[:2] > running[:2]:
        raise errors.ModelLoadError(
            f"{name} was written by XGBoost {writer}, which is newer than the running "
            f"XGBoost {reader}: it would load and predict nonsense; use a newer server image"
        )
    if written_by[:2] < _NEW_VECTOR_LEAVES <= running[:2] and _has_vector_leaves(content):
        raise errors.ModelLoadError(
            f"{name} has trees of several outputs (multi_output_tree), written by XGBoost {writer}, which the "
            f"running XGBoost {reader} does not read: use the server image of XGBoost 3.0 or older"
        )
    return writer


def is_json(content: bytes) -> bool:
    """Whether it is JSON text rather than UBJ: both begin with a brace, only JSON goes on with a quote."""
    return re.match(rb'\s*\{\s*["}]', content) is not None


def is_pickle(content: bytes) -> bool:
    """Protocol 2 to 5 name themselves; the older ones, all text, begin by importing a class."""
    return (content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")) or (
        re.match(rb"(\(dp?\d|ccopy_reg\n|c__builtin__\n|cxgboost|\(?i?cxgboost)", content) is not None
    )


def _has_vector_leaves(content: bytes) -> bool:
    found = _LEAF_SIZE.search(content)
    return found is not None and int(found[1]) > 1


def _version(name: str, content: bytes, running: tuple[int, ...]) -> tuple[int, ...] | None:
    if is_json(content):
        return _json_version(name, content)
    if content.startswith(b"{"):
        try:
            return ubjson.version(content)
        except ubjson.UbjsonError as exc:
            raise errors.ModelLoadError(f"{name} is not a whole UBJ model: {exc}") from exc
    if binary_format.is_binary(content):
        return _binary_version(name, content, running)
    raise errors.ModelLoadError(
        f"{name} is no XGBoost model: neither JSON nor UBJ nor binary (begins with {content[:4]!r})"
    )


def _binary_version(name: str, content: bytes, running: tuple[int, ...]) -> tuple[int, ...]:
    try:
        version = binary_format.check(content).version
    except binary_format.BinaryFormatError as exc:
        raise errors.ModelLoadError(f"{name} is not a whole binary model: {exc}") from exc
    if running[:2] >= binary_format.FIRST_WITHOUT:
        raise errors.ModelLoadError(
            f"{name} is in XGBoost's old binary format, which the running XGBoost {ubjson.render(running)} does "
            f"not read: use the server image of XGBoost 3.0 or older, or in such an image {_CONVERT}"
        )
    return version


def _json_version(name: str, content: bytes) -> tuple[int, ...] | None:
    if not content.rstrip().endswith(b"}"):
        raise errors.ModelLoadError(
            f"{name} is not a whole JSON model: it ends without a closing brace: truncated"
        )
    found = _JSON_VERSION.findall(content[-_JSON_TAIL:]) or _JSON_VERSION.findall(content)
    return tuple(int(part) for part in found[-1]) if found else None
