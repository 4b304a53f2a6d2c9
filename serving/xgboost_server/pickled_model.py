"""The bytes of the model inside a pickle, taken out without importing or running anything that the pickle names.

The unpickler knows stand-ins for the few classes that a pickled Booster is made of, and refuses every other name.
What a Booster holds is XGBoost's own serialization: the model alone before 1.0, with the training configuration
beside it since. The configuration is left behind.
"""

import io
import json
import pickle
import pickletools
import re
from dataclasses import dataclass
from typing import Any

from xgboost_server import binary_format, model_file, ubjson

_CONFIG_OFFSET = b"CONFIG-offset:"
"""What 1.0 to 1.4 put before a binary model: this, its length in 8 bytes, the model, the configuration."""


class PickleRefusedError(ValueError):
    """No model is taken out of the pickle; the message says why."""


@dataclass(frozen=True, slots=True)
class Pickled:
    """``content`` is the file that ``save_model`` would have written; names and types are empty if not in the pickle.

    ``wrapper`` is the class of scikit-learn's interface that the Booster was in, or empty.
    """

    content: bytes
    feature_names: tuple[str, ...]
    feature_types: tuple[str, ...]
    wrapper: str


def read(content: bytes) -> Pickled:
    """The model in a pickle. Raises PickleRefusedError."""
    try:
        _check_memo(content)
        loaded = _Unpickler(io.BytesIO(content)).load()
    except PickleRefusedError:
        raise
    except (EOFError, IndexError) as exc:
        raise PickleRefusedError("it ends in the middle: truncated") from exc
    except Exception as exc:
        # Bytes that are no sound pickle fail in any way that Python can.
        truncated = re.search(
            "truncated|exhausted|expected .* bytes|no newline found|not enough data", str(exc)
        )
        raise PickleRefusedError("it ends in the middle: truncated" if truncated else f"{exc}") from exc
    wrapper = ""
    if isinstance(loaded, _Wrapper):
        wrapper, loaded = loaded.name, loaded.state.get("_Booster")
    if not isinstance(loaded, _Booster):
        raise PickleRefusedError("it holds no XGBoost Booster")
    handle = loaded.state.get("handle")
    if not isinstance(handle, bytes | bytearray):
        raise PickleRefusedError("its Booster holds no trained model")
    names, types = (_texts(loaded.state.get(key)) for key in ("feature_names", "feature_types"))
    return Pickled(_model(bytes(handle)), names, types, wrapper)


def _check_memo(content: bytes) -> None:
    """A number in a pickle says where in a list an object is kept; too large a one would fill the memory."""
    for opcode, argument, _ in pickletools.genops(content):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > len(content):
            raise PickleRefusedError("it is damaged: it keeps more objects than it has bytes")


def _model(handle: bytes) -> bytes:
    """The model without the training configuration. Raises PickleRefusedError."""
    if handle.startswith(_CONFIG_OFFSET):
        start = len(_CONFIG_OFFSET) + 8
        length = int.from_bytes(handle[len(_CONFIG_OFFSET) : start], "little")
        return handle[start : start + length]
    if binary_format.is_binary(handle):
        return handle
    try:
        if model_file.is_json(handle):
            return json.dumps(json.loads(handle)["Model"]).encode()
        model = ubjson.member(handle, b"Model")
    except (ubjson.UbjsonError, ValueError, KeyError, TypeError) as exc:
        raise PickleRefusedError(f"its Booster is damaged: {exc}") from exc
    if model is None:
        raise PickleRefusedError("its Booster holds no model that is known here")
    return model


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ()


class _Stub:
    """Stands in for a class; keeps the state that the pickle gives it and does nothing with it."""

    def __init__(self, *arguments: object) -> None:
        del arguments
        self.state: dict[str, Any] = {}

    def __new__(cls, *arguments: object) -> "_Stub":
        del arguments
        stub = super().__new__(cls)
        stub.state = {}
        return stub

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.state = state


class _Booster(_Stub):
    pass


class _Wrapper(_Stub):
    name = ""


class _Ignored(_Stub):
    """Arrays and label encoders beside the Booster in scikit-learn's interface."""


def _bytes(value: object = b"", encoding: object = "latin-1") -> bytes:
    """What both ``bytearray`` and ``_codecs.encode`` are called for: bytes, or text that stands for them."""
    if isinstance(value, str) and encoding in ("latin1", "latin-1"):
        return value.encode("latin-1")
    if isinstance(value, bytes):
        return value
    raise PickleRefusedError("it makes bytes of something that is none")


def _reconstruct(cls: object, base: object = None, state: object = None) -> _Stub:
    """``copyreg._reconstructor``, by which protocols 0 and 1 make an object."""
    del base, state
    if not (isinstance(cls, type) and issubclass(cls, _Stub)):
        raise PickleRefusedError("it makes an object of something that is no class")
    return cls()


def _wrapper(name: str) -> type[_Wrapper]:
    return type(name, (_Wrapper,), {"name": name})


_WRAPPERS = ("XGBModel", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")
_KNOWN: dict[tuple[str, str], object] = {
    ("xgboost.core", "Booster"): _Booster,
    **{("xgboost.sklearn", name): _wrapper(name) for name in _WRAPPERS},
    **{(module, "bytearray"): _bytes for module in ("builtins", "__builtin__")},
    **{(module, "object"): _Ignored for module in ("builtins", "__builtin__")},
    **{(module, "_reconstructor"): _reconstruct for module in ("copyreg", "copy_reg")},
    ("_codecs", "encode"): _bytes,
    ("xgboost.compat", "XGBoostLabelEncoder"): _Ignored,
    **{
        (f"sklearn.preprocessing.{module}", "LabelEncoder"): _Ignored
        for module in ("label", "_label", "data")
    },
    ("numpy", "ndarray"): _Ignored,
    ("numpy", "dtype"): _Ignored,
    **{
        (f"numpy.{core}.multiarray", name): _Ignored
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    },
}


class _Unpickler(pickle.Unpickler):
    """Never calls the inherited ``find_class``, which is what imports."""

    def find_class(self, module: str, name: str, /) -> object:
        found = _KNOWN.get((module, name))
        if found is None:
            raise PickleRefusedError(f"it asks for {module}.{name}, which no pickled Booster needs")
        return found
