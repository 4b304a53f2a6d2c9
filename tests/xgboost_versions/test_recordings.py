"""Models of XGBoosts that no image has: what SageMaker's containers saved up to 1.2 is served after one command."""

import json
from pathlib import Path

import pytest

from tests.xgboost_versions.conftest import RELEASES, Run

RECORDINGS = Path(__file__).with_name("recordings")
PREDICT = """
import json, sys, numpy, xgboost
xgboost.set_config(verbosity=0)
from pathlib import Path
from xgboost_server import model_dir
rows = json.loads(Path(sys.argv[2]).read_text())["rows"]
model = model_dir.load(Path(sys.argv[1]), joins_several=True)
print(json.dumps(model.predict(numpy.array(rows, dtype=numpy.float32)).tolist()))
"""


@pytest.mark.parametrize("form", ["pickle", "bin"])
@pytest.mark.parametrize("old", ["0.90", "1.2.1"])
def test_an_old_model_converted_once_is_served_by_every_xgboost(
    run: Run, tmp_path: Path, old: str, form: str
) -> None:
    source, target = RECORDINGS / f"xgboost-{old}.{form}", tmp_path / "model.json"
    run(RELEASES[0], "-m", "xgboost_server", "convert", source, target)
    if form == "pickle":
        names = json.loads(target.read_text())["learner"]["feature_names"]
        assert names == ["age", "plan", "calls", "minutes"]
    recorded = RECORDINGS / f"xgboost-{old}.json"
    right = json.loads(recorded.read_text())["predictions"]
    for release in RELEASES:
        found = json.loads(run(release, "-c", PREDICT, tmp_path, recorded))
        # Before 1.0 the base score was kept as a margin, which is not the same number to the last bit.
        assert found == pytest.approx(right, rel=1e-6)


@pytest.mark.parametrize("old", ["0.90", "1.2.1"])
def test_an_old_binary_model_is_served_as_it_is_where_xgboost_reads_it(
    run: Run, tmp_path: Path, old: str
) -> None:
    (tmp_path / "xgboost-model").write_bytes((RECORDINGS / f"xgboost-{old}.bin").read_bytes())
    recorded = RECORDINGS / f"xgboost-{old}.json"
    right = json.loads(recorded.read_text())["predictions"]
    for release in ("1.7.6", "2.1.4", "3.0.5"):
        found = json.loads(run(release, "-c", PREDICT, tmp_path, recorded))
        assert found == pytest.approx(right, rel=1e-6)
