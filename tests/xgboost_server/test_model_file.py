"""What is let through to XGBoost, and what is said of the rest."""

import pickle
import re

import numpy as np
import pytest
import xgboost

from tests.xgboost_server import binary_models, models
from xgboost_server import booster, errors, model_file

RUNNING = (3, 2, 0)


def a_json_model(version: str = "[2,1,4]") -> bytes:
    return b'{"learner":{"attributes":{"note":"\\"version\\":[9,9,9]"}},"version":%s}' % version.encode()


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_what_the_running_xgboost_writes_is_let_through(form: str) -> None:
    model_file.check("m", models.content(models.a_booster(), form), booster.RUNNING_VERSION)


@pytest.mark.parametrize(
    "version", ["[2,1,4]", "[3,2,0]", "[3, 2, 9]", pytest.param("[1,7,6] ", id="blank before the end")]
)
def test_the_same_minor_version_and_older_ones_are_let_through(version: str) -> None:
    model_file.check("m", a_json_model(version), RUNNING)


def test_a_version_that_is_not_last_is_found() -> None:
    model_file.check("m", b'{"version": [3, 1, 0], "learner": {"x": "%s"}}' % (b" " * 5000), RUNNING)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "m is empty", id="empty"),
        pytest.param(
            a_json_model("[3,3,0]"),
            "by XGBoost 3.3.0, which is newer than the running XGBoost 3.2.0",
            id="newer",
        ),
        pytest.param(a_json_model("[10,0,0]"), "written by XGBoost 10.0.0", id="much newer"),
        pytest.param(b'{"a": 1}', "names no XGBoost version", id="other JSON"),
        pytest.param(a_json_model()[:-1], "not a whole JSON model", id="truncated JSON"),
        pytest.param(b"{L" + b"\0" * 7, "not a whole UBJ model", id="truncated UBJ"),
        pytest.param(pickle.dumps({"a": 1}), "is a Python pickle", id="pickle"),
        pytest.param(
            pickle.dumps([1], protocol=0).replace(b"(l", b"cxgboost.core\nBooster\n"),
            "pickle",
            id="old pickle",
        ),
        pytest.param(b"binf" + b"\0" * 99, "not a whole binary model", id="truncated binary"),
        pytest.param(
            binary_models.a_model(), "does not read: use the server image of XGBoost 3.0", id="binary"
        ),
        pytest.param(b"tree\nversion=v4\n", "is a LightGBM model", id="LightGBM"),
        pytest.param(b'{"name":"tree","version":"v4"}', "is a dump of a LightGBM model", id="LightGBM dump"),
        pytest.param(b"CBM1\0\0", "is a CatBoost model", id="CatBoost"),
        pytest.param(b"\x78\x9c\0", "compressed by joblib", id="joblib"),
        pytest.param(b"booster[0]:\n0:leaf", "text dump", id="text dump"),
        pytest.param(b'[\n  { "nodeid": 0', "a JSON dump", id="JSON dump"),
        pytest.param(b"\0" * 257 + b"ustar\0", "is a tar archive", id="tar"),
        pytest.param(b"\x1f\x8b\x08", "is a gzip archive", id="gzip"),
        pytest.param(b"PK\x03\x04", "is a zip archive", id="zip"),
        pytest.param(b"hello", "neither JSON nor UBJ", id="text"),
    ],
)
def test_what_is_no_readable_model_is_named(content: bytes, said: str) -> None:
    with pytest.raises(errors.ModelLoadError, match=re.escape(said)):
        model_file.check("m", content, RUNNING)


def test_the_refusal_of_a_pickle_says_what_to_do() -> None:
    with pytest.raises(errors.ModelLoadError, match="turn it into JSON with `xgboost-server convert`"):
        model_file.check("m", pickle.dumps(models.a_booster()), RUNNING)


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_no_prefix_of_a_model_is_let_through_to_xgboost(form: str) -> None:
    content = models.content(models.a_booster(rounds=2), form)
    for length in range(0, len(content), 7):
        with pytest.raises(errors.ModelLoadError, match=r"^m "):
            model_file.check("m", content[:length], RUNNING)


def test_a_newer_ubj_model_is_refused_by_its_version() -> None:
    with pytest.raises(errors.ModelLoadError, match=f"written by XGBoost {re.escape(xgboost.__version__)}"):
        model_file.check("m", models.content(models.a_booster(), "ubj"), (1, 0, 0))


def test_a_binary_model_is_let_through_where_xgboost_reads_it() -> None:
    model_file.check("m", binary_models.a_model(), (3, 0, 5))


def test_a_newer_binary_model_is_refused_by_its_version() -> None:
    with pytest.raises(
        errors.ModelLoadError, match=r"written by XGBoost 2\.1, which is newer than .* 1\.7\.6"
    ):
        model_file.check("m", binary_models.a_model(version=(2, 1)), (1, 7, 6))


@pytest.mark.parametrize(
    "leaves",
    [
        pytest.param(b'"size_leaf_vector":"2"', id="JSON"),
        pytest.param(b'"size_leaf_vector" : "12"', id="JSON with blanks"),
    ],
)
def test_trees_of_several_outputs_are_refused_where_loading_them_crashes(leaves: bytes) -> None:
    content = b'{"learner":{%s},"version":[3,1,3]}' % leaves
    with pytest.raises(errors.ModelLoadError, match=r"multi_output_tree.*3\.1\.3.*3\.2\.0 does not read"):
        model_file.check("m", content, RUNNING)
    model_file.check("m", content, (3, 1, 3))
    model_file.check("m", content.replace(b"3,1,3", b"3,2,0"), RUNNING)
    model_file.check("m", content.replace(leaves, b'"size_leaf_vector":"1"'), RUNNING)


@pytest.mark.skipif(booster.RUNNING_VERSION < (2, 0), reason="this XGBoost grows no such trees")
def test_trees_of_several_outputs_are_found_in_ubj_too() -> None:
    labels = np.stack([np.arange(60), -np.arange(60)], axis=1)
    parameters = {"multi_strategy": "multi_output_tree", "tree_method": "hist", "nthread": 1}
    trained = xgboost.train(parameters, xgboost.DMatrix(models.some_rows(60, 5), labels, nthread=1), 1)
    content = models.content(trained, "ubj")
    older = content.replace(version_in_ubj(booster.RUNNING_VERSION), version_in_ubj((2, 0, 9)))
    assert older != content
    with pytest.raises(errors.ModelLoadError, match="multi_output_tree"):
        model_file.check("m", older, RUNNING)


def version_in_ubj(version: tuple[int, ...]) -> bytes:
    return b"version[#L" + bytes(7) + b"\x03" + b"".join(b"i" + bytes([part]) for part in version)
