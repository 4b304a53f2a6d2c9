import pytest

from endpoint_operator.desired import defaults, images


def _defaults(model: str) -> defaults.Defaults:
    return defaults.Defaults(router_image="r", loader_image="l", model_image=model)


def test_the_variants_own_image_wins() -> None:
    assert images.model("own:1", _defaults("ours:1")) == "own:1"
    assert images.model("", _defaults("ours:1")) == "ours:1"


@pytest.mark.parametrize(
    ("image", "ours", "expected"),
    [
        ("pointsman/xgboost:2", "pointsman/xgboost:1", True),
        ("pointsman/xgboost@sha256:0", "pointsman/xgboost:1", True),
        ("localhost:5000/pointsman/xgboost", "localhost:5000/pointsman/xgboost:1", True),
        ("localhost:5000/pointsman/xgboost:1", "localhost:6000/pointsman/xgboost:1", False),
        ("evil/xgboost:1", "pointsman/xgboost:1", False),
        ("pointsman/xgboost-evil:1", "pointsman/xgboost:1", False),
    ],
)
def test_ours_is_the_same_repository_in_any_version(image: str, ours: str, expected: bool) -> None:
    assert images.is_ours(image, _defaults(ours)) is expected
