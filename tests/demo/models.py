"""Two churn models, trained on different customers with different XGBoost versions, packed as SageMaker packs them."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.builders import locked_environments
from tests.cluster import commands, layout
from tests.demo import dataset

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS = 6000
TEST_CUSTOMERS = slice(5000, CUSTOMERS)


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """``customers`` are the ones that the model learns from; ``key`` is where the artefact goes in the store."""

    variant: str
    xgboost_version: str
    customers: slice
    key: str


RECIPES = (
    ModelRecipe("Variant1", "2.1.4", slice(0, 1500), "churn/1/model.tar.gz"),
    ModelRecipe("Variant2", "3.2.0", slice(1500, 5000), "churn/2/model.tar.gz"),
)


def test_customers() -> dataset.Customers:
    """Customers whom neither model has seen."""
    return dataset.make(CUSTOMERS).part(TEST_CUSTOMERS.start, TEST_CUSTOMERS.stop)


def artefact(recipe: ModelRecipe, say: Callable[[str], None]) -> bytes:
    """The recipe's ``model.tar.gz``; trained once, then taken from the cache. Raises HarnessError."""
    cached = _cache() / f"{recipe.variant}-{_fingerprint(recipe)}.tar.gz"
    if not cached.exists():
        part = dataset.make(CUSTOMERS).part(recipe.customers.start, recipe.customers.stop)
        model = _train(recipe, part, say)
        _write_whole(cached, pack({"xgboost-model": model}))
    return cached.read_bytes()


def pack(files: dict[str, bytes]) -> bytes:
    """A gzipped tar archive of ``files``, the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=6) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _train(recipe: ModelRecipe, part: dataset.Customers, say: Callable[[str], None]) -> bytes:
    rows, model = (_cache() / f"{recipe.variant}.{ending}" for ending in ("npz", "json"))
    np.savez(rows, features=part.features, churned=part.churned)
    # Locked as in the image that will serve the model.
    python = locked_environments.interpreter(f"xgboost-{recipe.xgboost_version}", say)
    script = ROOT / "tests" / "demo" / "train.py"
    said = commands.run([python, script, rows, model, "7"])
    say(f"{recipe.variant}: {said.strip()}")
    return model.read_bytes()


def _fingerprint(recipe: ModelRecipe) -> str:
    """Changes with everything that the artefact depends on."""
    sources = [Path(__file__).with_name(name).read_bytes() for name in ("dataset.py", "train.py")]
    return hashlib.sha256(b"\n".join([*sources, repr(recipe).encode()])).hexdigest()[:10]


def _cache() -> Path:
    directory = layout.current().cache / "demo"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
