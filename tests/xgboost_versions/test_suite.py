"""The server's own tests, on the XGBoosts that they do not run on otherwise."""

import re
import site
from pathlib import Path

from tests.xgboost_versions.conftest import Run

# pytest comes from this environment, behind the other one's own packages: their numpy and xgboost are found first.
_RUN_PYTEST = (
    "import site, sys; site.addsitedir(sys.argv[1]); import pytest; sys.exit(pytest.main(sys.argv[2:]))"
)
_PROGRAM = "#!{python}\nimport sys\nfrom xgboost_server.__main__ import main\nsys.exit(main())\n"
_OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error"),
    # When a client's socket is collected depends on the machine's load, and is looked at where these tests run usually.
    *("-W", "default::pytest.PytestUnraisableExceptionWarning"),
)
_WITHOUT_XGBOOST = (
    "codecs",
    "test_fuzz.py",
    "test_settings.py",
    "test_batching.py",
    "test_metrics.py",
    "test_table.py",
)
"""Tests that never reach it, or that do not depend on its version and take long."""


def test_the_servers_tests_pass_on_every_xgboost(
    run: Run, interpreters: dict[str, Path], other_release: str, tmp_path: Path
) -> None:
    python = interpreters[other_release]
    program = python.with_name("xgboost-server")
    program.write_text(_PROGRAM.format(python=python))
    program.chmod(0o755)
    packages = next(path for path in site.getsitepackages() if path.endswith("site-packages"))
    left_out = [f"--ignore=tests/xgboost_server/{name}" for name in _WITHOUT_XGBOOST]
    options = [*_OPTIONS, *left_out, f"--basetemp={tmp_path / 'tests'}", "tests/xgboost_server"]
    said = run(other_release, "-c", _RUN_PYTEST, packages, *options)
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None, said
    assert int(passed[1]) > 100
    print(f"XGBoost {other_release}: {passed[0]}")
