import hashlib
import pathlib
import subprocess

import pytest

from model_loader import artefact, download, errors, retries, tree

FILES = {"b": b"2", "a/c": b"1", "a/ü": b"3", "a.d": b""}


def listed(*entries: tuple[str, int]) -> list[artefact.Listed]:
    return [artefact.Listed(path=path, size=size) for path, size in entries]


def chosen(*entries: tuple[str, int], max_files: int = 5, max_size: int = 10**8) -> list[str]:
    return [*tree.chosen(listed(*entries), shown="s3://b/p/", max_files=max_files, max_size=max_size)]


def fetched(path: str, target: pathlib.Path) -> download.Download:
    target.write_bytes(FILES[path])
    return download.Download(
        size=len(FILES[path]), sha256=hashlib.sha256(FILES[path]).hexdigest(), e_tag=f'"{path}"'
    )


def test_paths_come_in_the_order_of_their_bytes() -> None:
    assert chosen(*((path, 1) for path in reversed(FILES))) == ["a.d", "a/c", "a/ü", "b"]


def test_the_mark_of_a_folder_is_no_file_but_an_empty_file_is() -> None:
    assert chosen(("a", 0), ("a/b", 0), ("a/b/c", 1), ("empty", 0)) == ["a/b/c", "empty"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((), "s3://b/p/: no file is there"),
        (
            [(str(n), 1) for n in range(6)],
            "s3://b/p/: more than the 5 files that MODEL_LOADER_MAX_FILES allows",
        ),
        (
            [("a", 60_000_000), ("b", 60_000_000)],
            "s3://b/p/: more than the 100.0 MB that MODEL_LOADER_MAX_ARTEFACT_SIZE allows",
        ),
    ],
    ids=["none", "too many", "too large"],
)
def test_too_little_and_too_much_is_refused(entries: list[tuple[str, int]], message: str) -> None:
    with pytest.raises(errors.DownloadError) as caught:
        chosen(*entries)
    assert str(caught.value) == message


@pytest.mark.parametrize("path", ["../escaped", "a/../../b", "/etc/passwd", "a//b", "./a", "", "x" * 256])
def test_a_path_that_leads_out_or_is_odd_is_refused(path: str) -> None:
    with pytest.raises(errors.ArchiveError, match=r"^s3://b/p/: "):
        chosen((path, 1))


@pytest.mark.parametrize("file", ["a", "a/b"])
def test_an_object_that_is_also_a_folder_is_refused(file: str) -> None:
    with pytest.raises(errors.ArchiveError, match=f"'{file}' is both a file and a directory"):
        chosen((file, 1), ("a/b/c", 1))


def _touch(_: str, target: pathlib.Path) -> download.Download:
    target.write_bytes(b"")
    return download.Download(size=0, sha256="0" * 64, e_tag="")


def test_a_listing_that_breaks_off_is_asked_for_anew(tmp_path: pathlib.Path) -> None:
    answers: list[errors.DownloadError | list[artefact.Listed]] = [
        errors.TransientDownloadError("s3://b/p/: broke off"),
        listed(("a", 1)),
    ]

    def list_files() -> list[artefact.Listed]:
        answer = answers.pop(0)
        if isinstance(answer, errors.DownloadError):
            raise answer
        return answer

    patience = retries.Retries(2, sleep=lambda _: None)
    paths = tree.listed(list_files, shown=str(tmp_path), max_files=5, max_size=9, patience=patience)
    assert paths == {"a": 1}


def test_the_checksum_is_what_sha256sum_says_of_the_folder(tmp_path: pathlib.Path) -> None:
    sizes = {path: len(FILES[path]) for path in sorted(FILES, key=str.encode)}
    got = tree.fetch(sizes, fetched, tmp_path, shown="s3://b/p/")
    assert {path: (tmp_path / path).read_bytes() for path in FILES} == FILES
    command = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    said = subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert got.sha256 == said.stdout.split()[0]
    assert got.size == 3


def test_the_etag_changes_with_any_files_etag_or_path() -> None:
    one = download.Download(size=1, sha256="0" * 64, e_tag='"1"')
    other = download.Download(size=1, sha256="0" * 64, e_tag='"2"')
    e_tags = {
        tree.together(["a", "b"], [one, other]).e_tag,
        tree.together(["a", "b"], [one, one]).e_tag,
        tree.together(["a", "c"], [one, other]).e_tag,
    }
    assert len(e_tags) == 3


def test_without_the_etag_of_one_file_there_is_none() -> None:
    one = download.Download(size=1, sha256="0" * 64, e_tag="")
    other = download.Download(size=1, sha256="0" * 64, e_tag='"2"')
    assert tree.together(["a", "b"], [one, other]).e_tag == ""


def test_the_first_failure_ends_the_fetch_of_all(tmp_path: pathlib.Path) -> None:
    def failing(path: str, target: pathlib.Path) -> download.Download:
        if path == "b":
            raise errors.DownloadError("s3://b/p/b: no such key")
        return _touch(path, target)

    with pytest.raises(errors.DownloadError, match="no such key"):
        tree.fetch({"a": 0, "b": 0, "c": 0}, failing, tmp_path, shown="s3://b/p/")


def _only_a_file(path: str, target: pathlib.Path) -> download.Download:
    if path != "file":
        raise errors.AbsentError(f"s3://b/p/{path}: no such key")
    return _touch(path, target)


def test_an_empty_object_that_is_listed_but_not_there_is_a_folders_mark(tmp_path: pathlib.Path) -> None:
    got = tree.fetch({"file": 0, "old": 0}, _only_a_file, tmp_path, shown="s3://b/p/")
    assert got.sha256 == tree.together(["file"], [_touch("file", tmp_path / "file")]).sha256
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_went_since_it_was_listed_fails_the_fetch(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.DownloadError, match="no such key"):
        tree.fetch({"file": 0, "gone": 1}, _only_a_file, tmp_path, shown="s3://b/p/")


def test_marks_alone_are_no_model(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.DownloadError, match=r"^s3://b/p/: no file is there$"):
        tree.fetch({"old": 0}, _only_a_file, tmp_path, shown="s3://b/p/")
