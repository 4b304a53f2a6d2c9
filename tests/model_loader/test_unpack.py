import gzip
import io
import pathlib
import tarfile
import tempfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_loader import errors, unpack
from tests.model_loader import archives

LIMITS = unpack.Limits(unpacked_size=1 << 20, files=20)


def unpacked(source: pathlib.Path, limits: unpack.Limits = LIMITS) -> dict[str, bytes]:
    """Unpack beside the archive; what was unpacked, by path."""
    target = source.parent / "unpacked"
    target.mkdir()
    unpack.unpack(source, target, limits)
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def refusal(source: pathlib.Path, limits: unpack.Limits = LIMITS) -> str:
    with pytest.raises(errors.ArchiveError) as caught:
        unpacked(source, limits)
    return str(caught.value)


def test_files_and_directories_arrive_as_they_were_packed(tmp_path: pathlib.Path) -> None:
    archive = archives.an_archive().with_directory("./").with_file("./xgboost-model", b"{}")
    source = archive.with_directory("code").with_file("code/inference.py", b"pass").packed_in(tmp_path)
    assert unpacked(source) == {"xgboost-model": b"{}", "code/inference.py": b"pass"}


def test_an_uncompressed_archive_is_unpacked_as_well(tmp_path: pathlib.Path) -> None:
    source = tmp_path / "model.tar"
    source.write_bytes(archives.an_archive().with_file("model", b"{}").plain())
    assert unpacked(source) == {"model": b"{}"}


def test_every_user_can_read_what_was_packed_as_private(tmp_path: pathlib.Path) -> None:
    archive = archives.an_archive().with_file("a/model", mode=0o600).with_file("a/run.sh", mode=0o4711)
    unpacked(archive.packed_in(tmp_path))
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "unpacked").rglob("*")}
    assert modes == {"a": 0o755, "model": 0o644, "run.sh": 0o755}


def test_a_long_name_in_a_pax_header_is_kept(tmp_path: pathlib.Path) -> None:
    name = "/".join(["directory-" * 10] * 5) + "/mödel"
    assert unpacked(archives.an_archive().with_file(name, b"{}").packed_in(tmp_path)) == {name: b"{}"}


def test_a_path_too_long_is_refused() -> None:
    with pytest.raises(errors.ArchiveError, match="too long a path"):
        unpack.member_path("x" * 256)


def test_a_bomb_stops_at_the_limit_in_constant_memory(tmp_path: pathlib.Path) -> None:
    source = tmp_path / "bomb.tar.gz"
    member = tarfile.TarInfo("zeros")
    member.size = 64 << 20
    with gzip.open(source, "wb") as packed:
        packed.write(member.tobuf())
        for _ in range(64):
            packed.write(bytes(1 << 20))
    tracemalloc.start()
    message = refusal(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert message == "it unpacks to more than the 1.0 MB that MODEL_LOADER_MAX_UNPACKED_SIZE allows"
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").iterdir()) <= 1 << 20
    assert peak < 4 << 20


def test_members_with_long_headers_are_unpacked_in_constant_memory(tmp_path: pathlib.Path) -> None:
    archive = archives.an_archive()
    for number in range(200):
        archive.with_attributes(comment=b"x" * 60_000).with_file(f"m{number}", b"")
    source = archive.packed_in(tmp_path)
    tracemalloc.start()
    assert len(unpacked(source, unpack.Limits(unpacked_size=1 << 30, files=200))) == 200
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_an_archive_cut_off_anywhere_is_refused(tmp_path: pathlib.Path) -> None:
    whole = archives.an_archive().with_file("model", b"0123456789" * 100).with_file("b", b"{}").plain()
    for end in range(512, 512 * 6, 256):
        source = tmp_path / str(end) / "model.tar"
        source.parent.mkdir()
        source.write_bytes(whole[:end])
        assert "damaged" in refusal(source), end


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: pathlib.Path) -> None:
    archive = bytearray(archives.an_archive().with_file("a", b"1").with_file("b", b"2").plain())
    archive[1024 + 10] ^= 1
    source = tmp_path / "model.tar"
    source.write_bytes(archive)
    assert refusal(source) == "it is damaged or cut off"


def test_one_flipped_bit_of_the_content_fails_the_checksum(tmp_path: pathlib.Path) -> None:
    content = bytes(range(256)) * 64
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=0) as packed:
        packed.write(archives.an_archive().with_file("model", content).plain())
    damaged = bytearray(buffer.getvalue())
    damaged[3000] ^= 1
    source = tmp_path / "model.tar.gz"
    source.write_bytes(damaged)
    assert "damaged (crc check failed" in refusal(source)


@given(st.text(st.sampled_from("ab./\\\0 ~-"), max_size=12))
def test_a_path_that_is_accepted_stays_below_the_directory(name: str) -> None:
    try:
        parts = unpack.member_path(name)
    except errors.ArchiveError:
        return
    top = pathlib.PurePosixPath("/top")
    assert top.joinpath(*parts).is_relative_to(top)
    assert ".." not in parts


@given(st.binary(max_size=3000))
def test_arbitrary_bytes_are_refused_or_unpacked_but_never_crash(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory) / "model.tar.gz"
        source.write_bytes(content)
        assert refusal(source)
