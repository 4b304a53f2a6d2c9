import errno
import json
import pathlib

import pytest

from model_loader import artefact, data_url, errors, local_store
from tests.model_loader import program


@pytest.fixture
def claim(tmp_path: pathlib.Path) -> pathlib.Path:
    """A claim's volume as it is mounted, with a secret beside it that is not part of it."""
    top = tmp_path / "claim"
    top.mkdir()
    (tmp_path / "secret").write_text("hunter2")
    return top


def a_store(claim: pathlib.Path, path: str) -> local_store.LocalStore:
    location = data_url.read(f"pvc://models/{path}", claim_dir=str(claim))
    assert isinstance(location, data_url.LocalFile)
    return local_store.LocalStore(location)


def content(store: local_store.LocalStore, name: str = "") -> bytes:
    return b"".join(store.open(name, begin_at=0, e_tag="").chunks)


def failure(store: local_store.LocalStore, name: str = "") -> str:
    with pytest.raises(errors.DownloadError) as caught:
        content(store, name)
    return str(caught.value)


def test_a_file_of_a_claim_is_read(claim: pathlib.Path) -> None:
    (claim / "churn").mkdir()
    (claim / "churn" / "m.json").write_bytes(b"{}")
    store = a_store(claim, "churn/m.json")
    assert not store.is_folder()
    assert content(store) == b"{}"


@pytest.mark.parametrize("path", ["churn", "churn/"])
def test_a_folder_of_a_claim_means_all_files_below_it(claim: pathlib.Path, path: str) -> None:
    (claim / "churn" / "code" / "lost+found").mkdir(parents=True)
    (claim / "churn" / "m.json").write_bytes(b"{}")
    (claim / "churn" / "code" / "inference.py").write_bytes(b"pass")
    (claim / "churn" / "code" / "lost+found" / "inode").write_bytes(b"")
    store = a_store(claim, path)
    assert store.is_folder()
    assert sorted(store.listing(), key=lambda each: each.path) == [
        artefact.Listed(path="code/inference.py", size=4),
        artefact.Listed(path="m.json", size=2),
    ]
    assert content(store, "code/inference.py") == b"pass"


def test_a_link_within_the_volume_is_followed(claim: pathlib.Path) -> None:
    (claim / "v2.json").write_bytes(b"{}")
    (claim / "latest.json").symlink_to("v2.json")
    assert content(a_store(claim, "latest.json")) == b"{}"


@pytest.mark.parametrize("target", ["../secret", "/proc/self/environ"])
def test_a_link_out_of_the_volume_is_refused(claim: pathlib.Path, target: str) -> None:
    (claim / "m.json").symlink_to(target)
    assert failure(a_store(claim, "m.json")) == "pvc://models/m.json: it leads out of the volume"


def test_a_link_in_a_folder_that_leads_out_is_refused(claim: pathlib.Path) -> None:
    (claim / "churn").mkdir()
    (claim / "churn" / "m.json").symlink_to("../../secret")
    message = failure(a_store(claim, "churn"), "m.json")
    assert message == "pvc://models/churn/m.json: it leads out of the volume"


def test_a_path_that_climbs_out_is_refused(claim: pathlib.Path) -> None:
    store = a_store(claim, "../secret")
    assert not store.is_folder()
    assert failure(store) == "pvc://models/../secret: it leads out of the volume"
    assert not a_store(claim, "..").is_folder()


def test_a_link_to_a_folder_is_refused_rather_than_left_out(claim: pathlib.Path) -> None:
    (claim / "churn" / "v2").mkdir(parents=True)
    (claim / "churn" / "latest").symlink_to("v2")
    with pytest.raises(errors.DownloadError) as caught:
        list(a_store(claim, "churn").listing())
    assert str(caught.value) == "pvc://models/churn/latest: a link to a directory is not followed"


def test_what_is_not_there_is_said_so(claim: pathlib.Path) -> None:
    assert failure(a_store(claim, "absent")) == "pvc://models/absent: no such file or directory"


def test_who_may_not_read_it_is_said() -> None:
    location = data_url.LocalFile(path="/x", shown="pvc://models/x")
    error = local_store.LocalStore(location)._error(
        PermissionError(errno.EACCES, "Permission denied", "/x"), ""
    )
    assert str(error).startswith("pvc://models/x: permission denied for user ")


def test_a_local_file_is_never_resumed(claim: pathlib.Path) -> None:
    (claim / "m").write_bytes(b"model")
    with pytest.raises(errors.ResumeRefusedError):
        a_store(claim, "m").open("", begin_at=2, e_tag='"e"')


def test_the_program_loads_a_folder_of_a_claim(loader: program.Loader) -> None:
    (loader.directory / "claim" / "churn").mkdir(parents=True)
    (loader.directory / "claim" / "churn" / "xgboost-model").write_bytes(b"{}")
    loader.success("pvc://models/churn/")
    assert (loader.model_dir / "xgboost-model").read_bytes() == b"{}"
    assert json.loads(loader.last_word)["dataUrl"] == "pvc://models/churn/"
