import hashlib
import logging
import pathlib
from collections.abc import Iterator

import pytest

from model_loader import artefact, download, errors, retries


class Source:
    """Opens what it is told to, one after the other; a failure among it is raised. Remembers what it was asked."""

    def __init__(self, *outcomes: artefact.Artefact | errors.DownloadError) -> None:
        self._remaining = list(outcomes)
        self.asked: list[tuple[int, str]] = []

    def open_at(self, begin_at: int, e_tag: str) -> artefact.Artefact:
        self.asked.append((begin_at, e_tag))
        outcome = self._remaining.pop(0)
        if isinstance(outcome, errors.DownloadError):
            raise outcome
        return outcome


def an_artefact(*chunks: bytes, size: int | None = None, e_tag: str = '"e"') -> artefact.Artefact:
    return artefact.Artefact(
        size=sum(map(len, chunks)) if size is None else size, e_tag=e_tag, chunks=iter(chunks)
    )


def a_broken_one(*chunks: bytes, size: int, e_tag: str = '"e"') -> artefact.Artefact:
    def breaking_off() -> Iterator[bytes]:
        yield from chunks
        raise errors.TransientDownloadError("s3://b/k: broke off")

    return artefact.Artefact(size=size, e_tag=e_tag, chunks=breaking_off())


def fetch(
    source: Source, target: pathlib.Path, *, attempts: int = 3, max_size: int = 100
) -> download.Download:
    return download.fetch(
        source.open_at,
        target,
        shown="s3://b/k",
        max_size=max_size,
        patience=retries.Retries(attempts, sleep=lambda _: None, chance=lambda: 1.0),
    )


def test_what_is_written_is_what_came_with_its_checksum_and_etag(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "artefact"
    fetched = fetch(Source(an_artefact(b"abc", b"def")), target)
    assert target.read_bytes() == b"abcdef"
    assert fetched == download.Download(size=6, sha256=hashlib.sha256(b"abcdef").hexdigest(), e_tag='"e"')


def test_a_passing_failure_is_tried_again(tmp_path: pathlib.Path) -> None:
    trouble = errors.TransientDownloadError("s3://b/k: cannot connect to h")
    assert fetch(Source(trouble, trouble, an_artefact(b"abc")), tmp_path / "artefact").size == 3


def test_the_last_attempts_failure_is_the_one_that_is_told_with_their_number(tmp_path: pathlib.Path) -> None:
    troubles = [errors.TransientDownloadError(f"trouble {number}") for number in (1, 2, 3)]
    with pytest.raises(errors.DownloadError, match=r"^trouble 3; gave up after 3 attempts$"):
        fetch(Source(*troubles), tmp_path / "artefact")


def test_a_lasting_failure_is_not_tried_again(tmp_path: pathlib.Path) -> None:
    source = Source(errors.DownloadError("s3://b/k: no such key"), an_artefact(b"abc"))
    with pytest.raises(errors.DownloadError, match=r"^s3://b/k: no such key$"):
        fetch(source, tmp_path / "a")
    assert len(source.asked) == 1


def test_a_fetch_that_broke_off_goes_on_there_with_the_same_version_only(tmp_path: pathlib.Path) -> None:
    source = Source(
        a_broken_one(b"abc", b"d", size=8), a_broken_one(b"ef", size=8), an_artefact(b"gh", size=8)
    )
    fetched = fetch(source, tmp_path / "artefact")
    assert source.asked == [(0, ""), (4, '"e"'), (6, '"e"')]
    assert (tmp_path / "artefact").read_bytes() == b"abcdefgh"
    assert fetched == download.Download(size=8, sha256=hashlib.sha256(b"abcdefgh").hexdigest(), e_tag='"e"')


@pytest.mark.parametrize("e_tag", ["", 'W/"weak"'])
def test_a_fetch_without_a_strong_etag_begins_anew_with_a_new_checksum(
    tmp_path: pathlib.Path, e_tag: str
) -> None:
    source = Source(a_broken_one(b"abcdefgh", size=10, e_tag=e_tag), an_artefact(b"abc"))
    fetched = fetch(source, tmp_path / "artefact")
    assert source.asked == [(0, ""), (0, "")]
    assert (tmp_path / "artefact").read_bytes() == b"abc"
    assert fetched.sha256 == hashlib.sha256(b"abc").hexdigest()


def test_a_version_that_went_away_in_mid_fetch_is_given_up_for_the_new_one(tmp_path: pathlib.Path) -> None:
    changed = errors.ResumeRefusedError("s3://b/k: it changed")
    source = Source(a_broken_one(b"abcdefgh", size=10), changed, an_artefact(b"new"))
    assert fetch(source, tmp_path / "artefact").size == 3
    assert source.asked == [(0, ""), (8, '"e"'), (0, "")]
    assert (tmp_path / "artefact").read_bytes() == b"new"


def test_an_object_that_went_away_in_mid_fetch_is_said_to_have_been_there(tmp_path: pathlib.Path) -> None:
    source = Source(a_broken_one(b"x" * 40, size=80), errors.DownloadError("s3://b/k: no such key"))
    with pytest.raises(errors.DownloadError) as caught:
        fetch(source, tmp_path / "artefact")
    assert str(caught.value) == "s3://b/k: no such key; 0.0 MB of 0.0 MB (50%) had come"


def test_a_long_fetch_says_every_few_seconds_how_far_it_is_and_how_fast(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    # One reading at the beginning and one a chunk.
    seconds = iter([0.0, 2.0, 4.0, 6.0, 8.0])
    download.fetch(
        Source(an_artefact(*[bytes(500_000)] * 4)).open_at,
        tmp_path / "artefact",
        shown="s3://b/k",
        max_size=1 << 30,
        patience=retries.Retries(1),
        clock=lambda: next(seconds),
    )
    assert caplog.messages == ["fetching s3://b/k, 2.0 MB", "1.5 MB of 2.0 MB (75%), 0.2 MB/s"]


def test_attempts_that_come_much_further_do_not_count(tmp_path: pathlib.Path) -> None:
    part = bytes(8 << 20)
    pieces = [a_broken_one(part, size=6 * len(part)) for _ in range(5)]
    source = Source(*pieces, an_artefact(part, size=6 * len(part)))
    assert fetch(source, tmp_path / "artefact", attempts=2, max_size=1 << 30).size == 6 * len(part)


def test_an_artefact_that_came_short_is_completed(tmp_path: pathlib.Path) -> None:
    assert (
        fetch(Source(an_artefact(b"ab", size=3), an_artefact(b"c", size=3)), tmp_path / "artefact").size == 3
    )


def test_an_artefact_that_says_it_is_too_large_is_refused_before_a_byte(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.DownloadError) as caught:
        fetch(Source(an_artefact(b"", size=6_000_000_000)), tmp_path / "artefact", max_size=5 << 30)
    assert (
        str(caught.value)
        == "s3://b/k: 6000.0 MB, more than the 5368.7 MB that MODEL_LOADER_MAX_ARTEFACT_SIZE allows"
    )
    assert not (tmp_path / "artefact").exists()


def test_an_artefact_that_turns_out_too_large_is_refused(tmp_path: pathlib.Path) -> None:
    source = Source(an_artefact(bytes(600_000), bytes(600_000), size=10))
    with pytest.raises(
        errors.DownloadError,
        match=r"^s3://b/k: more than the 1\.0 MB that MODEL_LOADER_MAX_ARTEFACT_SIZE allows",
    ):
        fetch(source, tmp_path / "artefact", max_size=1_000_000)
