"""What comes out of a pickle, and what never does. Pickles of old XGBoosts are read in tests/xgboost_versions."""

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st

from tests.xgboost_server import binary_models, models
from xgboost_server import pickled_model

BOOSTER = models.a_booster(rounds=2)
PICKLE = pickle.dumps(BOOSTER)


class Impostor:
    """Pickled under another class's name."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state


class Call:
    """A pickle of it calls ``function`` when it is read."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.called = (function, arguments)

    def __reduce__(self) -> Any:
        return self.called


def named(module: str, name: str, state: dict[str, Any]) -> bytes:
    """A pickle of an object that says that it is a ``module.name``."""
    return replaced(pickle.dumps(Impostor(state), 4), module, name)


def replaced(content: bytes, module: str, name: str) -> bytes:
    """With the class's name, a short text of protocol 4, set to another."""
    for old, new in ((Impostor.__module__, module), (Impostor.__qualname__, name)):
        before, after = (b"\x8c" + bytes([len(text)]) + text.encode() for text in (old, new))
        assert before in content
        content = content.replace(before, after)
    # Protocol 4's frame says how long it is, and is not needed.
    assert content[2:3] == b"\x95"
    return content[:2] + content[11:]


def a_booster_pickle(handle: object, **state: object) -> bytes:
    return named("xgboost.core", "Booster", {"handle": handle, **state})


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_model_of_a_pickled_booster_is_what_it_would_have_saved(protocol: int) -> None:
    found = pickled_model.read(pickle.dumps(BOOSTER, protocol))
    assert found.content == models.content(BOOSTER, "ubj")
    assert found.wrapper == ""


def test_names_and_types_beside_an_old_model_are_kept() -> None:
    content = binary_models.a_model(version=(0, 0), magic=False)
    found = pickled_model.read(
        a_booster_pickle(bytearray(content), feature_names=["age", "plan"], feature_types=None)
    )
    assert found == pickled_model.Pickled(content, ("age", "plan"), (), "")


def test_the_configuration_behind_a_model_is_left_behind() -> None:
    content = binary_models.a_model(version=(1, 2))
    handle = b"CONFIG-offset:" + struct.pack("<q", len(content)) + content + b'{"learner":{}}'
    assert pickled_model.read(a_booster_pickle(bytearray(handle))).content == content


def test_the_configuration_beside_a_json_model_is_left_behind() -> None:
    handle = b'{"Config":{"Model":1},"Model":{"learner":{"x":NaN},"version":[1,5,2]}}'
    found = pickled_model.read(a_booster_pickle(handle))
    assert found.content.replace(b" ", b"") == b'{"learner":{"x":NaN},"version":[1,5,2]}'


def test_the_booster_inside_scikit_learns_interface_is_taken_out() -> None:
    inner = xgboost.XGBClassifier(n_estimators=2)
    inner.fit(np.nan_to_num(models.some_rows(50, 3)), np.arange(50) % 2)
    inner.classes_of_old = np.array([0.5, 1.5])
    inner.score_of_old = np.float64(0.5)
    found = pickled_model.read(pickle.dumps(inner))
    assert found.wrapper == "XGBClassifier"
    assert found.content == models.content(inner.get_booster(), "ubj")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_that_a_pickle_calls_is_run(protocol: int, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for evil in (Call(os.system, f"touch {trap}"), Call(eval, "1"), [BOOSTER, Call(open, str(trap), "w")]):
        with pytest.raises(pickled_model.PickleRefusedError, match=r"it asks for \S+\.(system|eval|open)"):
            pickled_model.read(pickle.dumps(evil, protocol))
    assert not trap.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(pickle.dumps({"a": 1}), "it holds no XGBoost Booster", id="no Booster"),
        pytest.param(pickle.dumps(Path("x")), "asks for pathlib", id="other class"),
        pytest.param(named("sklearn.pipeline", "Pipeline", {}), "sklearn.pipeline.Pipeline", id="pipeline"),
        pytest.param(a_booster_pickle(None), "its Booster holds no trained model", id="untrained"),
        pytest.param(a_booster_pickle(b"hello"), "its Booster is damaged", id="no model"),
        pytest.param(a_booster_pickle(b'{"Config":{}}'), "its Booster is damaged", id="no JSON model"),
        pytest.param(a_booster_pickle(b"{i\x01aZ}"), "holds no model that is known", id="no UBJ model"),
        pytest.param(pickle.dumps(Call(bytearray, 10**12)), "makes bytes of something", id="huge"),
        pytest.param(b"\x80\x04" + b"]" + b"2" * 10 + b".", "it holds no XGBoost Booster", id="list"),
        pytest.param(b"\x80\x04Pcall me\n.", "persistent", id="persistent id"),
        pytest.param(b"\x80\x04]r\xff\xff\xff\x7f.", "keeps more objects than", id="memory bomb"),
        pytest.param(b"\x80\x04\x82\x01.", "unregistered extension", id="extension"),
    ],
)
def test_any_other_pickle_is_refused_with_the_reason(content: bytes, said: str) -> None:
    with pytest.raises(pickled_model.PickleRefusedError, match=said):
        pickled_model.read(content)


def test_no_prefix_of_a_pickle_passes() -> None:
    for length in range(0, len(PICKLE), 11):
        with pytest.raises(pickled_model.PickleRefusedError):
            pickled_model.read(PICKLE[:length])
    with pytest.raises(pickled_model.PickleRefusedError, match="it ends in the middle: truncated"):
        pickled_model.read(PICKLE[: len(PICKLE) // 2])


@given(st.integers(0, 200), st.binary(min_size=1, max_size=12))
def test_a_damaged_pickle_is_read_or_refused(position: int, garbage: bytes) -> None:
    content = PICKLE[:position] + garbage + PICKLE[position + len(garbage) :]
    try:
        found = pickled_model.read(content)
    except pickled_model.PickleRefusedError:
        return
    assert isinstance(found.content, bytes)
