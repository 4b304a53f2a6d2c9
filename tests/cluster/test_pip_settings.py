"""Builds see where this machine's packages come from, and nothing else of its settings."""

from pathlib import Path

from tests.cluster import pip_settings


def test_variables_win_over_files_and_later_files_over_earlier(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("[global]\nindex-url = http://first.example\ntimeout = 5\nretries = 1\n")
    second.write_text("[global]\ntimeout = 6\nretries = 2\n")
    settings = pip_settings.read({"PIP_RETRIES": "3"}, (first, second))
    assert settings.text == "[global]\nindex-url = http://first.example\ntimeout = 6\nretries = 3\n"


def test_settings_that_change_what_an_installation_does_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text("[install]\nuser = true\n[global]\ntarget = /elsewhere\n")
    assert pip_settings.read({"PIP_PREFIX": "/x"}, (file,)).text == "[global]\n"


def test_local_folders_and_certificates_are_made_visible(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "some.whl").touch()
    settings = pip_settings.read({"PIP_FIND_LINKS": f"file://{wheels} http://links.example /absent"}, ())
    assert settings.paths == (wheels,)


def test_missing_files_are_no_error(tmp_path: Path) -> None:
    assert pip_settings.read({}, (tmp_path / "absent",)).text == "[global]\n"
