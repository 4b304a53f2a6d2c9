import dataclasses
import pathlib

import pytest

from endpoint_contract import model_identity
from model_loader import errors, identity

FOUND = model_identity.ModelIdentity("s3://b/k", '"etag"', "a" * 64, 10)


def test_the_first_pod_of_a_revision_has_nothing_to_hold_to(tmp_path: pathlib.Path) -> None:
    assert identity.expected(tmp_path / "absent" / "identity.json") is None
    identity.check(FOUND, None)


def test_a_later_pod_is_held_to_what_the_first_one_found(tmp_path: pathlib.Path) -> None:
    (tmp_path / "identity.json").write_text(model_identity.render(FOUND))
    assert identity.expected(tmp_path / "identity.json") == FOUND


def test_the_same_bytes_under_another_etag_are_the_same_model() -> None:
    identity.check(dataclasses.replace(FOUND, e_tag='"other"'), FOUND)


def test_other_bytes_are_refused_with_both_checksums_and_the_way_out() -> None:
    with pytest.raises(errors.ModelChangedError) as caught:
        identity.check(dataclasses.replace(FOUND, sha256="b" * 64), FOUND)
    line = caught.value.line()
    assert line.startswith("ModelChanged: s3://b/k: ")
    assert "a" * 64 in line
    assert "b" * 64 in line
    assert "EndpointConfig" in line


def test_an_identity_that_cannot_be_read_is_never_taken_for_none(tmp_path: pathlib.Path) -> None:
    (tmp_path / "identity.json").write_text("{}")
    with pytest.raises(errors.SettingsError, match=r"identity.json: not a model identity"):
        identity.expected(tmp_path / "identity.json")
    with pytest.raises(errors.SettingsError, match="Is a directory"):
        identity.expected(tmp_path)


def test_the_last_word_fits_into_what_kubernetes_keeps(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "termination-log"
    log.touch()
    identity.leave_last_word("x" * 5000, log)
    assert len(log.read_bytes()) == 4096


def test_without_a_termination_log_none_is_made(tmp_path: pathlib.Path) -> None:
    identity.leave_last_word("word", tmp_path / "termination-log")
    assert not (tmp_path / "termination-log").exists()
