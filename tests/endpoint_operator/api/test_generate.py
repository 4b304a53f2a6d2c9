from pathlib import Path

import pytest
import yaml

from endpoint_operator.api import crd, generate

ROOT = Path(__file__).resolve().parents[3]


def test_what_is_committed_is_up_to_date() -> None:
    assert generate.stale(ROOT) == []


def test_writes_both_kinds_for_kubectl_and_for_the_chart(tmp_path: Path) -> None:
    assert generate.main([], root=tmp_path) == 0
    for folder in generate.FOLDERS:
        written = [yaml.safe_load(path.read_text()) for path in sorted((tmp_path / folder).iterdir())]
        assert {item["metadata"]["name"] for item in written} == set(crd.schema_revisions())
    assert generate.stale(tmp_path) == []


def test_check_names_what_is_stale_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate.main([], root=tmp_path)
    damaged = tmp_path / "crds" / "endpoints.pointsman.dev.yaml"
    damaged.write_text("changed by hand")
    capsys.readouterr()
    assert generate.main(["--check"], root=tmp_path) == 1
    assert capsys.readouterr().out == "not up to date: crds/endpoints.pointsman.dev.yaml\n"
    assert damaged.read_text() == "changed by hand"


def test_check_of_what_is_up_to_date_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate.main([], root=tmp_path)
    capsys.readouterr()
    assert generate.main(["--check"], root=tmp_path) == 0
    assert capsys.readouterr().out == ""
