import hashlib
import logging
import pathlib
from collections.abc import Callable, Iterator

import pytest

from model_loader import download, errors, store


def opener(*outcomes: store.Artefact | errors.DownloadError) -> Callable[[], store.Artefact]:
    """Opens the artefacts one after the other; a failure among them is raised."""
    remaining = list(outcomes)

    def open_artefact() -> store.Artefact:
        outcome = remaining.pop(0)
        if isinstance(outcome, errors.DownloadError):
            raise outcome
        return outcome

    return open_artefact


def an_artefact(*chunks: bytes, size: int | None = None) -> store.Artefact:
    return store.Artefact(
        size=sum(map(len, chunks)) if size is None else size, e_tag='"e"', chunks=iter(chunks)
    )


def fetch(
    open_artefact: Callable[[], store.Artefact], target: pathlib.Path, pauses: list[float] | None = None
) -> download.Download:
    return download.fetch(
        open_artefact,
        target,
        shown="s3://b/k",
        max_size=100,
        attempts=3,
        sleep=(pauses if pauses is not None else []).append,
        chance=lambda: 1.0,
    )


def test_what_is_written_is_what_came_with_its_checksum_and_etag(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "artefact"
    fetched = fetch(opener(an_artefact(b"abc", b"def")), target)
    assert target.read_bytes() == b"abcdef"
    assert fetched == download.Download(size=6, sha256=hashlib.sha256(b"abcdef").hexdigest(), e_tag='"e"')


def test_a_passing_failure_is_tried_again_with_growing_pauses(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trouble = errors.TransientDownloadError("s3://b/k: cannot connect to h")
    pauses: list[float] = []
    fetched = fetch(opener(trouble, trouble, an_artefact(b"abc")), tmp_path / "artefact", pauses)
    assert fetched.size == 3
    assert pauses == [0.5, 1.0]
    assert "s3://b/k: cannot connect to h; attempt 1 of 3, trying again in 0.5 s" in caplog.messages


def test_the_last_attempts_failure_is_the_one_that_is_told(tmp_path: pathlib.Path) -> None:
    troubles = [errors.TransientDownloadError(f"attempt {number}") for number in (1, 2, 3)]
    with pytest.raises(errors.DownloadError, match="attempt 3"):
        fetch(opener(*troubles), tmp_path / "artefact")


def test_a_lasting_failure_is_not_tried_again(tmp_path: pathlib.Path) -> None:
    pauses: list[float] = []
    with pytest.raises(errors.DownloadError, match="no such key"):
        fetch(
            opener(errors.DownloadError("s3://b/k: no such key"), an_artefact(b"abc")), tmp_path / "a", pauses
        )
    assert pauses == []


def test_a_transfer_that_broke_off_begins_anew_with_a_new_checksum(tmp_path: pathlib.Path) -> None:
    def breaking_off() -> Iterator[bytes]:
        yield b"abcdefgh"
        raise errors.TransientDownloadError("broke off")

    target = tmp_path / "artefact"
    fetched = fetch(opener(store.Artefact(8, "", breaking_off()), an_artefact(b"abc")), target)
    assert target.read_bytes() == b"abc"
    assert fetched.sha256 == hashlib.sha256(b"abc").hexdigest()


def test_an_artefact_that_came_short_is_tried_again(tmp_path: pathlib.Path) -> None:
    assert fetch(opener(an_artefact(b"ab", size=3), an_artefact(b"abc")), tmp_path / "artefact").size == 3


def test_an_artefact_that_says_it_is_too_large_is_refused_before_a_byte(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.DownloadError, match="101 bytes, more than the 100 that are allowed"):
        fetch(opener(an_artefact(b"", size=101)), tmp_path / "artefact")
    assert not (tmp_path / "artefact").exists()


def test_an_artefact_that_turns_out_too_large_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.DownloadError, match="more than the 100 bytes that are allowed"):
        fetch(opener(an_artefact(b"x" * 60, b"x" * 60, size=10)), tmp_path / "artefact")


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"), [(1, 0.0, 0.25), (1, 1.0, 0.5), (3, 1.0, 2.0), (20, 1.0, 10.0)]
)
def test_pauses_double_up_to_ten_seconds_and_are_spread(attempt: int, chance: float, seconds: float) -> None:
    assert download.pause(attempt, chance) == seconds
