"""Every image's XGBoost: what the server's code answers is what Booster.predict answers, to the last bit."""

import json

from tests.xgboost_versions import recipes
from tests.xgboost_versions.conftest import ONE_THREAD, Run

ROWS = 10_000


def test_predictions_of_every_kind_of_model_equal_the_oracle(run: Run, release: str) -> None:
    lines = run(release, "-m", "tests.xgboost_versions.oracle", str(ROWS), **ONE_THREAD).splitlines()
    compared = {(found := json.loads(line))["recipe"]: found["rows"] for line in lines}
    version = tuple(int(part) for part in release.split(".")[:2])
    assert len(lines) == len(compared)
    assert set(compared) == {recipe.name for recipe in recipes.RECIPES if recipe.since <= version}
    assert min(compared.values()) >= 2 * ROWS, "JSON and UBJ at least"
    print(f"XGBoost {release}: {len(compared)} kinds of models, {sum(compared.values())} rows equal")
