"""How the answers of several models become one."""

import json

import numpy as np
import pytest
import xgboost

from tests.xgboost_server import in_process, models, objectives, table
from xgboost_server import booster, ensemble, errors

OBJECTIVES = ("reg:squarederror", "binary:logistic", "multi:softprob", "multi:softmax", "binary:hinge")


def test_the_mean_is_taken_in_float32() -> None:
    found = ensemble.mean(np.array([[0.1, 1], [0.3, 3]], dtype=np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == np.array([0.2, 2], dtype=np.float32).tolist()


def test_the_commonest_class_wins_and_the_smallest_of_equals() -> None:
    votes = np.array([[2, 0, 1], [2, 1, 0], [0, 1, 2]], dtype=np.float32)
    assert ensemble.commonest(votes).tolist() == [2, 1, 0]


@pytest.mark.parametrize("objective", OBJECTIVES)
async def test_three_models_answer_with_the_mean_or_the_vote_of_booster_predict(objective: str) -> None:
    trained = [models.a_booster(objective, seed=seed) for seed in range(3)]
    loaded = {str(number): booster.load("m", models.content(model)) for number, model in enumerate(trained)}
    answers = [models.expected(model, table.ROWS) for model in trained]
    if objective in ("multi:softmax", "binary:hinge"):
        votes = np.stack(answers, axis=1).astype(int)
        right = np.array([np.bincount(row).argmax() for row in votes], dtype=np.float32)
    else:
        right = np.mean(answers, axis=0)
    content_type, write = table.REQUESTS["csv"]
    async with in_process.a_server(ensemble.join(loaded)) as client:
        answer = await client.post(
            "/invocations", write(table.ROWS), Content_Type=content_type, Accept="application/json"
        )
    scores = [item["score"] for item in json.loads(answer.body)["predictions"]]
    assert np.array(scores, dtype=np.float32).tobytes() == right.tobytes()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        pytest.param(
            models.a_booster("reg:squarederror"), "objective multi:softmax and reg:", id="objective"
        ),
        pytest.param(models.a_booster("multi:softmax", columns=4), "5 and 4 features", id="features"),
        pytest.param(models.a_booster("multi:softmax", classes=4), "3 and 4 classes", id="classes"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(other: xgboost.Booster, said: str) -> None:
    loaded = {
        "a": booster.load("a", models.content(models.a_booster("multi:softmax"))),
        "b": booster.load("b", models.content(other)),
    }
    with pytest.raises(errors.ModelLoadError, match=said):
        ensemble.join(loaded)


def test_models_with_another_number_of_outputs_are_refused() -> None:
    one = booster.load("a", models.content(models.a_booster("reg:squarederror")))
    two = booster.load("b", models.content(objectives.train(objectives.SEVERAL_TARGETS)))
    with pytest.raises(
        errors.ModelLoadError, match=r"a and b do not fit together \(another number of outputs"
    ):
        ensemble.join({"a": one, "b": two})
