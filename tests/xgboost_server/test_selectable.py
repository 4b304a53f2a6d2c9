"""What SAGEMAKER_INFERENCE_OUTPUT makes of predictions."""

from typing import Any

import numpy as np
import pytest

from tests.xgboost_server import in_process, models, objectives
from xgboost_server import booster, errors, selectable

NAN = selectable.NOT_APPLICABLE
ALL = dict.fromkeys(selectable.KEYS, NAN)


def select(
    objective: str, predictions: Any, keys: tuple[str, ...] = selectable.KEYS, classes: int = 0
) -> Any:
    selection = selectable.Selection(keys, objective=objective, classes=classes)
    return selection.of(np.array(predictions, dtype=np.float32))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("probability", ("probability",)),
        (" Predicted_Label , probabilities,", ("predicted_label", "probabilities")),
        ("", ()),
    ],
)
def test_the_keys_are_read_as_awss_container_reads_them(text: str, keys: tuple[str, ...]) -> None:
    assert selectable.parse(text) == keys


@pytest.mark.parametrize(
    ("objective", "classes", "predictions", "right"),
    [
        pytest.param(
            "binary:logistic",
            0,
            [0.75],
            {
                **ALL,
                "predicted_label": 1,
                "labels": [0, 1],
                "probability": 0.75,
                "probabilities": [0.25, 0.75],
                "raw_score": 0.75,
                "raw_scores": [0.25, 0.75],
            },
            id="logistic",
        ),
        pytest.param(
            "binary:logitraw",
            0,
            [-1.5],
            {**ALL, "predicted_label": 0, "labels": [0, 1], "raw_score": -1.5, "raw_scores": [2.5, -1.5]},
            id="logitraw",
        ),
        pytest.param(
            "binary:hinge",
            0,
            [1.0],
            {**ALL, "predicted_label": 1.0, "labels": [0, 1], "raw_score": 1.0, "raw_scores": [0.0, 1.0]},
            id="hinge",
        ),
        pytest.param(
            "multi:softmax",
            3,
            [2.0],
            {**ALL, "predicted_label": 2.0, "labels": [0, 1, 2], "raw_score": 2.0, "raw_scores": [-1.0, 2.0]},
            id="softmax",
        ),
        pytest.param(
            "multi:softprob",
            3,
            [[0.25, 0.5, 0.25]],
            {
                **ALL,
                "predicted_label": 1,
                "labels": [0, 1, 2],
                "probability": 0.5,
                "probabilities": [0.25, 0.5, 0.25],
                "raw_score": 0.5,
                "raw_scores": [0.25, 0.5, 0.25],
            },
            id="softprob",
        ),
        pytest.param("reg:squarederror", 0, [4.5], {**ALL, "predicted_score": 4.5}, id="regression"),
        pytest.param(
            "reg:quantileerror", 0, [[4.5, 5]], {**ALL, "predicted_score": [4.5, 5.0]}, id="several outputs"
        ),
    ],
)
def test_each_objective_has_its_keys_and_the_others_are_nan(
    objective: str, classes: int, predictions: Any, right: dict[str, Any]
) -> None:
    (found,) = select(objective, predictions, classes=classes)
    assert repr(found) == repr(right)  # nan is not equal to itself


@pytest.mark.parametrize(
    ("objective", "prediction", "label"),
    [
        ("binary:logistic", 0.5, 0),
        ("binary:logistic", np.nextafter(np.float32(0.5), np.float32(1)), 1),
        ("binary:logitraw", 0.0, 0),
        ("binary:logitraw", 1e-30, 1),
    ],
)
def test_a_label_needs_more_than_the_threshold(objective: str, prediction: float, label: int) -> None:
    assert select(objective, [prediction], ("predicted_label",)) == [{"predicted_label": label}]


def test_the_first_of_equal_classes_wins() -> None:
    assert select("multi:softprob", [[0.25, 0.375, 0.375]], ("predicted_label",), 3) == [
        {"predicted_label": 1}
    ]


def test_the_order_of_the_keys_is_kept_and_unknown_ones_are_nan() -> None:
    (found,) = select("binary:logistic", [1.0], ("raw_score", "nonsense", "predicted_label"))
    assert repr(found) == repr({"raw_score": 1.0, "nonsense": NAN, "predicted_label": 1})


@pytest.mark.parametrize(
    ("objective", "predictions"),
    [
        ("rank:pairwise", [1]),
        ("count:poisson", [1]),
        ("survival:cox", [1]),
        ("binary:logistic", [[0.5, 0.5]]),
    ],
)
def test_what_is_neither_regression_nor_classification_is_a_500_in_awss_words(
    objective: str, predictions: Any
) -> None:
    with pytest.raises(errors.SelectionError) as caught:
        select(objective, predictions)
    assert caught.value.status == 500
    assert str(caught.value) == f"Objective `{objective}` unsupported for selectable inference predictions."


async def test_a_server_says_at_its_start_that_a_model_has_no_selectable_output(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = booster.load("model", models.content(objectives.train("rank:pairwise")))
    async with in_process.a_server(model, SAGEMAKER_INFERENCE_OUTPUT="probability"):
        assert "rank:pairwise has no selectable output" in caplog.text
