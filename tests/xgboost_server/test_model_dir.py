"""Which files of a directory are served."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.xgboost_server import models
from xgboost_server import booster, errors, model_dir


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_one_file_is_the_model_whatever_its_name(tmp_path: Path, form: str) -> None:
    trained = models.a_booster(columns=4)
    models.a_model_dir(tmp_path, trained, form=form)
    (tmp_path / ".hidden").write_bytes(b"ignored")
    (tmp_path / "code").mkdir()
    model = model_dir.load(tmp_path, joins_several=True)
    assert (model.features, model.summary.objective) == (4, "binary:logistic")


def test_several_models_answer_with_their_mean(tmp_path: Path) -> None:
    first, second = models.a_booster(seed=1), models.a_booster(seed=2)
    models.a_model_dir(tmp_path, first, second)
    rows = models.some_rows(20, 5)
    right = np.mean(np.stack([models.expected(first, rows), models.expected(second, rows)]), axis=0)
    found = model_dir.load(tmp_path, joins_several=True).predict(rows)
    assert found.tobytes() == right.tobytes()


def test_without_ensembles_the_first_by_name_is_served(tmp_path: Path) -> None:
    first, second = models.a_booster(seed=1), models.a_booster(seed=2)
    models.a_model_dir(tmp_path, first, second)
    rows = models.some_rows(20, 5)
    found = model_dir.load(tmp_path, joins_several=False).predict(rows)
    assert found.tobytes() == models.expected(first, rows).tobytes()


@pytest.mark.parametrize(
    ("objective", "columns", "said"),
    [
        pytest.param("reg:squarederror", 5, "objective binary:logistic and reg:squarederror", id="objective"),
        pytest.param("binary:logistic", 6, "5 and 6 features", id="features"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(
    tmp_path: Path, objective: str, columns: int, said: str
) -> None:
    models.a_model_dir(tmp_path, models.a_booster(), models.a_booster(objective, columns=columns))
    with pytest.raises(
        errors.ModelLoadError, match=rf"xgboost-model and xgboost-model-1 do not fit .*{said}"
    ):
        model_dir.load(tmp_path, joins_several=True)


def test_a_directory_without_a_model_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "churn").mkdir()
    with pytest.raises(errors.ModelLoadError, match=r"no model file in .*there is: folder churn"):
        model_dir.model_files(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelLoadError, match=f"{re.escape(str(tmp_path))}/none: No such file"):
        model_dir.model_files(tmp_path / "none")


def test_what_xgboost_cannot_read_is_named_in_one_line(tmp_path: Path) -> None:
    document = {"learner": {}, "version": booster.RUNNING_VERSION}
    (tmp_path / "model").write_text(json.dumps(document))
    with pytest.raises(
        errors.ModelLoadError, match=r"^XGBoost \S+ cannot read model, written by XGBoost \S+: [^\n]+$"
    ):
        model_dir.load(tmp_path, joins_several=True)
