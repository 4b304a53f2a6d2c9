"""Predictions in place through XGBoost's C API: what `Booster.inplace_predict` asks of it, without what that adds.

For one row that method spends 100 µs in Python (it looks for pandas, polars and CUDA, and writes and reads JSON), and
lets the library make a proxy of the data anew each time, which reads control group files: 30 to 60 µs more. Here a
proxy is made once and given new data at each call, and texts that stay the same are written once: 30 µs are left.
Only documented functions of the C API are called; from 1.7 to 3.2 they are the same.
"""

import collections
import ctypes
from pathlib import Path

import numpy as np
import xgboost

from xgboost_server import matrix

# What Booster.inplace_predict passes too: values, not margins; all trees; NaN is missing; no dimension of length 1.
_CONFIG = (
    b'{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "missing": NaN, '
    b'"strict_shape": false, "cache_id": 0}'
)
_LIBRARY = ctypes.CDLL(str(Path(xgboost.libpath.find_lib_path()[0])))
_predict = _LIBRARY.XGBoosterPredictFromDense
_last_error = _LIBRARY.XGBGetLastError
_last_error.restype = ctypes.c_char_p


class _Call:
    """What one call at a time needs: the proxy of its data, and places for what comes out."""

    __slots__ = ("dimensions", "outs", "proxy", "shape", "values")

    def __init__(self) -> None:
        self.proxy = ctypes.c_void_p()
        _check(_LIBRARY.XGProxyDMatrixCreate(ctypes.byref(self.proxy)))
        self.shape = ctypes.POINTER(ctypes.c_uint64)()
        self.dimensions = ctypes.c_uint64()
        self.values = ctypes.POINTER(ctypes.c_float)()
        self.outs = tuple(ctypes.byref(place) for place in (self.shape, self.dimensions, self.values))

    def __del__(self) -> None:
        _LIBRARY.XGDMatrixFree(self.proxy)


class InPlace:
    """Asks ``booster``, a gbtree. May be called from several threads at a time."""

    __slots__ = ("_booster", "_calls")

    def __init__(self, booster: xgboost.Booster) -> None:
        self._booster = booster
        # As many as there ever were threads in `predict` at a time.
        self._calls: collections.deque[_Call] = collections.deque()

    def predict(self, rows: matrix.Matrix) -> matrix.Matrix:
        """Predictions for rows of the model's width, one at least. Raises XGBoostError."""
        try:
            call = self._calls.pop()
        except IndexError:
            call = _Call()
        try:
            return self._predict(call, np.ascontiguousarray(rows))
        finally:
            self._calls.append(call)

    def _predict(self, call: _Call, rows: matrix.Matrix) -> matrix.Matrix:
        count, width = rows.shape
        data = b'{"data": [%d, true], "shape": [%d, %d], "typestr": "<f4", "version": 3}' % (
            rows.__array_interface__["data"][0], count, width,
        )  # fmt: skip
        _check(_predict(self._booster.handle, data, _CONFIG, call.proxy, *call.outs))
        # They lie in a buffer of this thread that the next call overwrites: hence the copy.
        outputs = 1 if call.dimensions.value == 1 else call.shape[1]
        copied = ctypes.string_at(call.values, 4 * count * outputs)
        predictions: matrix.Matrix = np.frombuffer(copied, dtype=np.float32)
        return predictions if call.dimensions.value == 1 else predictions.reshape(count, outputs)


def _check(status: int) -> None:
    if status != 0:
        raise xgboost.core.XGBoostError(_last_error().decode("utf-8", "replace"))
