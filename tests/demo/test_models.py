"""The demo's models: what is told when one cannot be trained."""

from pathlib import Path

import pytest

from tests.builders import locked_environments
from tests.cluster import errors
from tests.demo import models


def test_a_training_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'ImportError: no xgboost' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(locked_environments, "interpreter", lambda *_: python)
    monkeypatch.setattr(models, "_cache", lambda: tmp_path)
    with pytest.raises(
        errors.HarnessError, match=r"train.py .* ended with status 1:\n    ImportError: no xgboost"
    ):
        models.artefact(models.RECIPES[0], say=lambda _: None)
