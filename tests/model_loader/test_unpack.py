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


@pytest.mark.parametrize("name", ["../escaped", "a/../../escaped", "/tmp/escaped", "a/..", "./../escaped"])
def test_a_path_that_leads_out_is_refused(tmp_path: pathlib.Path, name: str) -> None:
    message = refusal(archives.an_archive().with_file(name, b"bad").packed_in(tmp_path))
    assert message == f"'{name}' leads out of the model directory"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["model.tar.gz", "unpacked"]


def test_a_directory_that_leads_out_is_refused(tmp_path: pathlib.Path) -> None:
    assert "leads out" in refusal(archives.an_archive().with_directory("../escaped").packed_in(tmp_path))


@pytest.mark.parametrize(
    ("kind", "described"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
    ],
)
def test_anything_but_files_and_directories_is_refused(
    tmp_path: pathlib.Path, kind: bytes, described: str
) -> None:
    archive = archives.an_archive().with_file("model").with_special("odd", kind, target="/etc/passwd")
    message = refusal(archive.packed_in(tmp_path))
    assert message == f"'odd' is {described}; only files and directories are unpacked"


def test_a_file_through_a_link_is_never_written(tmp_path: pathlib.Path) -> None:
    archive = (
        archives.an_archive().with_special("out", tarfile.SYMTYPE, target="/tmp").with_file("out/escaped")
    )
    assert "a symbolic link" in refusal(archive.packed_in(tmp_path))


@pytest.mark.parametrize("second", ["model", "./model", "model/."])
def test_two_files_of_one_name_are_refused(tmp_path: pathlib.Path, second: str) -> None:
    archive = archives.an_archive().with_file("model", b"one").with_file(second, b"two")
    assert refusal(archive.packed_in(tmp_path)).endswith("is in it twice")


def test_a_file_that_is_also_a_directory_is_refused(tmp_path: pathlib.Path) -> None:
    archive = archives.an_archive().with_file("a").with_file("a/b")
    assert refusal(archive.packed_in(tmp_path)) == "'a/b' is both a file and a directory"


def test_a_file_for_the_top_itself_is_refused(tmp_path: pathlib.Path) -> None:
    assert refusal(archives.an_archive().with_file("./").packed_in(tmp_path)).endswith("is no proper file")


def test_a_path_too_deep_or_too_long_is_refused(tmp_path: pathlib.Path) -> None:
    assert "too long a path" in refusal(archives.an_archive().with_file("d/" * 64 + "m").packed_in(tmp_path))
    with pytest.raises(errors.ArchiveError, match="too long a path"):
        unpack.member_path("x" * 256)


def test_too_many_members_are_refused(tmp_path: pathlib.Path) -> None:
    archive = archives.an_archive()
    for number in range(21):
        archive.with_directory(f"d{number}")
    assert refusal(archive.packed_in(tmp_path)) == "it has more than the 20 members that are allowed"


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
    assert message == "it unpacks to more than the 1048576 bytes that are allowed"
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").iterdir()) <= 1 << 20
    assert peak < 4 << 20


def test_a_header_that_claims_gigabytes_is_not_read(tmp_path: pathlib.Path) -> None:
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    blocks = header.tobuf(format=tarfile.GNU_FORMAT)
    source = tmp_path / "model.tar.gz"
    source.write_bytes(gzip.compress(blocks + bytes(1 << 20)))
    assert refusal(source) == "a header is larger than 1 MiB"


def test_a_member_of_negative_size_is_refused(tmp_path: pathlib.Path) -> None:
    member = tarfile.TarInfo("model")
    blocks = bytearray(member.tobuf(format=tarfile.GNU_FORMAT))
    blocks[124:136] = b"\xff" * 11 + b"\x00"  # base 256: minus 256
    blocks[148:156] = b" " * 8
    blocks[148:156] = b"%06o\0 " % sum(blocks)
    source = tmp_path / "model.tar.gz"
    source.write_bytes(gzip.compress(bytes(blocks) + bytes(1024)))
    assert refusal(source)


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


def test_an_archive_without_a_file_is_refused(tmp_path: pathlib.Path) -> None:
    assert refusal(archives.an_archive().with_directory("empty").packed_in(tmp_path)) == "it holds no file"


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
