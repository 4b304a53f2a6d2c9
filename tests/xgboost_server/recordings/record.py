"""The rows of the recordings, and what wrote them: Amazon's own writer, in sagemaker 2 (.locks/clients.txt).

``python tests/xgboost_server/recordings/record.py [FOLDER]`` writes the files, beside it if nowhere else; those that
are committed were written by sagemaker 2.257.7.
"""

import io
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).resolve().parent
COUNT, COLUMNS = 7, 5


def dense() -> npt.NDArray[np.float64]:
    """Numbers that float32 rounds, a missing one among them."""
    rows = np.linspace(-3.0, 7.0, COUNT * COLUMNS).reshape(COUNT, COLUMNS) / 3
    rows[2, 3] = np.nan
    return rows


def whole() -> npt.NDArray[np.int64]:
    """Whole numbers, negative ones too."""
    return np.arange(COUNT * COLUMNS).reshape(COUNT, COLUMNS) - 17


def sparse() -> npt.NDArray[np.float64]:
    """As `dense`, with zeros for what a sparse matrix leaves out; the first column and the last row are empty."""
    rows = np.where(np.arange(COUNT * COLUMNS).reshape(COUNT, COLUMNS) % 3 == 0, dense(), 0.0)
    rows[:, 0] = 0.0
    rows[-1] = 0.0
    return np.nan_to_num(rows)


def recordings() -> dict[str, bytes]:
    """File names and contents."""
    # Here, so that the tests can import the rows without sagemaker.
    import scipy.sparse
    from sagemaker.amazon import common

    single, labels = dense().astype("float32"), np.arange(COUNT, dtype="float32")
    written: dict[str, bytes] = {}
    for name, array, label in (
        ("float32", single, None),
        ("float64", dense(), None),
        ("int32", whole(), None),
        ("labels", single, labels),
    ):
        file = io.BytesIO()
        common.write_numpy_to_dense_tensor(file, array, label)
        written[f"{name}.recordio"] = file.getvalue()
    for name, dtype in (("sparse32", "float32"), ("sparse64", "float64")):
        file = io.BytesIO()
        common.write_spmatrix_to_sparse_tensor(file, scipy.sparse.csr_matrix(sparse().astype(dtype)))
        written[f"{name}.recordio"] = file.getvalue()
    return written


if __name__ == "__main__":
    for name, content in recordings().items():
        Path(*sys.argv[1:2] or [str(FOLDER)], name).write_bytes(content)
