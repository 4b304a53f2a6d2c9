"""The walk over XGBoost's old binary format; real files of it are read by tests/xgboost_versions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xgboost_server import binary_models
from xgboost_server import binary_format

MODELS: tuple[dict[str, Any], ...] = (
    {},
    {"booster": "dart"},
    {"booster": "gblinear"},
    {"trees": 0, "booster": "dart"},
    {"leaf_vector": True},
    {"attributes": {"best_iteration": "4", "note": ""}, "metrics": ("auc", "error")},
    {"magic": False, "version": (0, 0)},
)


@pytest.mark.parametrize("recipe", MODELS, ids=str)
def test_a_whole_model_is_walked_to_its_end(recipe: dict[str, Any]) -> None:
    content = binary_models.a_model(**recipe)
    assert binary_format.is_binary(content)
    header = binary_format.check(content)
    assert header == binary_format.Header(
        version=recipe.get("version", (1, 7)),
        objective="binary:logistic",
        booster=recipe.get("booster", "gbtree"),
        features=5,
    )


@pytest.mark.parametrize("recipe", MODELS, ids=str)
def test_no_prefix_passes_for_a_whole_model(recipe: dict[str, Any]) -> None:
    content = binary_models.a_model(**recipe)
    for length in range(len(content)):
        with pytest.raises(binary_format.BinaryFormatError):
            binary_format.check(content[:length])


def test_what_old_versions_wrote_before_the_metrics_does_not_matter() -> None:
    content = binary_models.a_model(metrics=("auc",), version=(0, 0), magic=False)
    assert binary_format.check(content[:-20] + b"\x03\0\0\0\0\0\0\0000.7").objective == "binary:logistic"


@pytest.mark.parametrize(
    "content",
    [b"", b"{" * 300, bytes(300), b"tree\n" * 99],
    ids=["nothing", "braces", "zeros", "text"],
)
def test_what_begins_otherwise_is_not_binary(content: bytes) -> None:
    assert not binary_format.is_binary(content)


def test_an_unknown_booster_is_named() -> None:
    with pytest.raises(binary_format.BinaryFormatError, match="unknown booster 'gbforest'"):
        binary_format.check(binary_models.a_model(booster="gbforest"))


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(position: int, value: int) -> None:
    content = bytearray(binary_models.a_model(booster="dart", attributes={"a": "b"}))
    content[position % len(content)] = value
    try:
        found = binary_format.check(bytes(content))
    except binary_format.BinaryFormatError:
        return
    assert found.booster in ("gbtree", "dart", "gblinear")
