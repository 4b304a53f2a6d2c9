"""Every way that is known to us in which an archive has harmed whoever unpacked it, and what becomes of it here."""

import contextlib
import gzip
import io
import pathlib
import random
import tarfile
import tempfile
from collections.abc import Callable

import hypothesis
import pytest
from hypothesis import strategies as st

from model_loader import archive, errors, unpack
from tests.model_loader import archives

LIMITS = unpack.Limits(unpacked_size=1 << 20, files=20)
GZIP = b"\x1f\x8b"
OUT = "leads out of the model directory"
HEADERS = "the headers of a member are larger than 64 KiB"
ONLY = "only files and directories are unpacked"

an_archive = archives.an_archive


def _special(kind: bytes, target: str = "") -> bytes:
    return an_archive().with_file("model").with_special("odd", kind, target=target).plain()


def _extended(kind: bytes, content: bytes) -> bytes:
    return an_archive().with_extension(kind, content).with_file("model").plain()


def _attributed(**attributes: bytes) -> bytes:
    return an_archive().with_attributes(**attributes).with_file("model", b"x" * 600).plain()


def _chain(kind: bytes, content: bytes) -> bytes:
    chained = an_archive()
    for _ in range(1000):
        chained.with_extension(kind, content)
    return chained.with_file("model").plain()


def _many(make: Callable[[archives.Archive, str], object]) -> bytes:
    crowd = an_archive()
    for number in range(21):
        make(crowd, f"m{number}")
    return crowd.plain()


def _negative_size() -> bytes:
    header = bytearray(tarfile.TarInfo("model").tobuf(format=tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 11 + b"\x00"  # base 256: minus 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def _correct_sums(content: bytearray) -> None:
    """Make every header's checksum right, so that changes get past the first look."""
    for begin in range(0, len(content) - tarfile.BLOCKSIZE + 1, tarfile.BLOCKSIZE):
        block = content[begin : begin + tarfile.BLOCKSIZE]
        if block[257:262] == b"ustar":
            block[148:156] = b" " * 8
            content[begin + 148 : begin + 156] = b"%06o\0 " % sum(block)


def _claiming(kind: bytes, size: int) -> bytes:
    return an_archive().with_extension(kind, b"", claimed_size=size).with_file("model").plain()


def _large_header() -> bytes:
    """Half of what a member may have."""
    return an_archive().with_attributes(comment=bytes(1 << 15)).plain()[: (1 << 15) + 1024]


def _sparse_map(*, blocks: int) -> bytes:
    """GNU's older kind: each block says that another one follows."""
    header = bytearray(_special(tarfile.GNUTYPE_SPARSE)[2 * tarfile.BLOCKSIZE :][: tarfile.BLOCKSIZE])
    header[482] = 1
    _correct_sums(header)
    more = bytearray(tarfile.BLOCKSIZE)
    more[504] = 1
    return an_archive().with_file("model").with_raw(bytes(header) + bytes(more) * blocks).plain()


def _bomb() -> bytes:
    return gzip.compress(an_archive().with_file("zeros", bytes(4 << 20)).plain())


def _bomb_behind_the_end() -> bytes:
    return gzip.compress(an_archive().with_file("model").plain() + bytes(4 << 20))


def _bomb_of_members() -> bytes:
    """Gzip allows several streams in a row; each is small."""
    return gzip.compress(an_archive().with_file("model").plain()) + gzip.compress(bytes(1 << 19)) * 8


ATTACKS: dict[str, tuple[bytes, str]] = {
    # Out of the directory
    "a path that climbs": (an_archive().with_file("../escaped").plain(), f"'../escaped' {OUT}"),
    "a path that climbs from below": (an_archive().with_file("a/../../x").plain(), f"'a/../../x' {OUT}"),
    "an absolute path": (an_archive().with_file("/tmp/escaped").plain(), f"'/tmp/escaped' {OUT}"),
    "a directory that climbs": (an_archive().with_directory("../escaped").plain(), f"'../escaped' {OUT}"),
    "a path in a PAX header that climbs": (_attributed(path=b"../escaped"), f"'../escaped' {OUT}"),
    "a long name of GNU's that climbs": (_extended(b"L", b"../escaped\0"), f"'../escaped' {OUT}"),
    "a NUL in a path": (_attributed(path=b"a\0b"), f"'a\\x00b' {OUT}"),
    # Links and things that are no files
    "a symbolic link": (_special(tarfile.SYMTYPE, "/etc/passwd"), f"'odd' is a symbolic link; {ONLY}"),
    "a symbolic link to its neighbour": (
        _special(tarfile.SYMTYPE, "model"),
        f"'odd' is a symbolic link; {ONLY}",
    ),
    "a hard link": (_special(tarfile.LNKTYPE, "/etc/passwd"), f"'odd' is a hard link; {ONLY}"),
    "a file through a link": (
        an_archive().with_special("out", tarfile.SYMTYPE, target="/tmp").with_file("out/escaped").plain(),
        f"'out' is a symbolic link; {ONLY}",
    ),
    "a character device": (_special(tarfile.CHRTYPE), f"'odd' is a device; {ONLY}"),
    "a block device": (_special(tarfile.BLKTYPE), f"'odd' is a device; {ONLY}"),
    "a named pipe": (_special(tarfile.FIFOTYPE), f"'odd' is a named pipe; {ONLY}"),
    "a kind that nobody knows": (_special(b"Z"), f"'odd' is of an unknown kind; {ONLY}"),
    "a part of a multi-volume archive": (_special(b"M"), f"'odd' is of an unknown kind; {ONLY}"),
    # Sparse files: small to send, huge to write
    "a sparse file": (_special(tarfile.GNUTYPE_SPARSE), f"'odd' is a sparse file; {ONLY}"),
    "a sparse map in a PAX header": (
        _attributed(GNU__sparse__map=b"0,5"),
        f"'model' is a sparse file; {ONLY}",
    ),
    "a sparse map that is none": (
        _attributed(GNU__sparse__major=b"1", GNU__sparse__minor=b"0"),
        "it is damaged (",
    ),
    "a sparse size that is none": (_attributed(GNU__sparse__size=b"zz"), "it is damaged ("),
    # One name for two
    "two files of one name": (an_archive().with_file("m").with_file("m").plain(), "'m' is in it twice"),
    "two files of one path": (an_archive().with_file("m").with_file("./m").plain(), "'./m' is in it twice"),
    "a file where a directory is": (
        an_archive().with_directory("a").with_file("a").plain(),
        "'a' is in it twice",
    ),
    "a directory where a file is": (
        an_archive().with_file("a").with_file("a/b").plain(),
        "'a/b' is both a file and a directory",
    ),
    "a file for the top itself": (an_archive().with_file("./").plain(), "'./' is no proper file"),
    "a path of no length": (_attributed(path=b""), "'' is no proper file"),
    # Too much
    "a bomb": (_bomb(), "it unpacks to more than the 1.0 MB that MODEL_LOADER_MAX_UNPACKED_SIZE allows"),
    "a bomb behind the end mark": (
        _bomb_behind_the_end(),
        "it unpacks to more than the 1.0 MB that MODEL_LOADER_MAX_UNPACKED_SIZE allows",
    ),
    "a bomb in many streams": (
        _bomb_of_members(),
        "it unpacks to more than the 1.0 MB that MODEL_LOADER_MAX_UNPACKED_SIZE allows",
    ),
    "too many files": (
        _many(lambda crowd, name: crowd.with_file(name)),
        "it has more than the 20 members that MODEL_LOADER_MAX_FILES allows",
    ),
    "too many directories": (
        _many(lambda crowd, name: crowd.with_directory(name)),
        "it has more than the 20 members that MODEL_LOADER_MAX_FILES allows",
    ),
    "a path of many long names": (
        an_archive().with_file(f"{'d' * 250}/" * 20 + "m").plain(),
        "is too long a path",
    ),
    "too deep a path": (an_archive().with_file("d/" * 64 + "m").plain(), "is too long a path"),
    "too long a name": (an_archive().with_file("n" * 256).plain(), "is too long a path"),
    "a PAX header of gigabytes": (_claiming(tarfile.XHDTYPE, 4 << 30), HEADERS),
    "a name of gigabytes": (_claiming(b"L", 4 << 30), HEADERS),
    "a PAX header that is large": (_attributed(comment=bytes(1 << 16)), HEADERS),
    "two PAX headers that are large together": (
        an_archive().with_raw(_large_header() * 2).with_file("model").plain(),
        HEADERS,
    ),
    "a sparse map of many blocks": (_sparse_map(blocks=128), HEADERS),
    "global headers of many names": (
        an_archive()
        .with_extension(tarfile.XGLTYPE, b"".join(b"7 %02d=x\n" % n for n in range(65)))
        .with_file("m")
        .plain(),
        "it has more than 64 global headers",
    ),
    "a thousand PAX headers in a row": (_chain(tarfile.XHDTYPE, b"9 path=m\n"), HEADERS),
    "a thousand names in a row": (_chain(b"L", b"name\0"), HEADERS),
    "a thousand global headers in a row": (_chain(tarfile.XGLTYPE, b"9 path=m\n"), HEADERS),
    # Lies about sizes
    "a file of negative size": (_negative_size(), "'model' is no proper file"),
    "a negative size in a PAX header": (_attributed(size=b"-512"), "'model' is no proper file"),
    "a size beyond all bounds": (_attributed(size=b"9" * 20), "it is damaged ("),
    "a size that is infinite": (_attributed(size=b"1e400"), "it is damaged or cut off"),
    "a PAX header of a length that is none": (_extended(tarfile.XHDTYPE, b"0 path=m\n"), "it is damaged ("),
    # Nothing
    "no file at all": (an_archive().with_directory("empty").plain(), "it holds no file"),
}


def refusal(content: bytes, directory: pathlib.Path) -> str:
    (directory / "model.tar").write_bytes(content)
    (directory / "unpacked").mkdir()
    with pytest.raises(errors.ArchiveError) as caught:
        unpack.unpack(directory / "model.tar", directory / "unpacked", LIMITS)
    return str(caught.value)


@pytest.mark.parametrize(("content", "message"), ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_each_attack_is_refused_by_name_and_leaves_nothing_outside(
    tmp_path: pathlib.Path, content: bytes, message: str, is_packed: bool
) -> None:
    is_packed = is_packed and not content.startswith(GZIP)
    said = refusal(gzip.compress(content) if is_packed else content, tmp_path)
    assert message in said
    assert "\n" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar", "unpacked"]
    found = list((tmp_path / "unpacked").rglob("*"))
    assert all((path.is_file() or path.is_dir()) and not path.is_symlink() for path in found)
    assert sum(path.stat().st_size for path in found if path.is_file()) <= LIMITS.unpacked_size


def test_owners_times_and_dangerous_modes_are_not_taken_over(tmp_path: pathlib.Path) -> None:
    member = tarfile.TarInfo("run.sh")
    member.mode, member.uid, member.gid, member.mtime = 0o6777, 12345, 12345, 1
    with tarfile.open(tmp_path / "model.tar", "w") as packed:
        packed.addfile(member, io.BytesIO())
    (tmp_path / "unpacked").mkdir()
    unpack.unpack(tmp_path / "model.tar", tmp_path / "unpacked", LIMITS)
    found = (tmp_path / "unpacked" / "run.sh").stat()
    ours = tmp_path.stat()
    assert (found.st_mode & 0o7777, found.st_uid) == (0o755, ours.st_uid)
    assert found.st_mtime > 1


def test_an_archive_within_an_archive_is_a_file_like_any_other(tmp_path: pathlib.Path) -> None:
    inner = an_archive().with_file("../escaped").packed()
    (tmp_path / "model.tar").write_bytes(an_archive().with_file("inner.tar.gz", inner).plain())
    (tmp_path / "unpacked").mkdir()
    assert unpack.unpack(tmp_path / "model.tar", tmp_path / "unpacked", LIMITS) == 1
    assert (tmp_path / "unpacked" / "inner.tar.gz").read_bytes() == inner


BASE = (
    an_archive()
    .with_directory("code")
    .with_attributes(path=b"code/a-name", size=b"700", mtime=b"1.5")
    .with_file("short", b"x" * 700)
    .with_extension(b"L", b"long/" * 30 + b"name\0")
    .with_file("model", random.Random(3).randbytes(900))
    .plain()
)


@hypothesis.settings(deadline=None)
@hypothesis.given(
    st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
)
def test_an_archive_with_bytes_changed_is_unpacked_or_refused_and_never_crashes(
    changes: list[tuple[int, int]], are_sums_right: bool
) -> None:
    content = bytearray(BASE)
    for position, value in changes:
        content[position] = value
    if are_sums_right:
        _correct_sums(content)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "model.tar").write_bytes(content)
        (directory / "unpacked").mkdir()
        with contextlib.suppress(errors.ArchiveError):
            unpack.unpack(directory / "model.tar", directory / "unpacked", LIMITS)
        assert sorted(path.name for path in directory.iterdir()) == ["model.tar", "unpacked"]
        assert not any(path.is_symlink() for path in (directory / "unpacked").rglob("*"))


def test_the_base_of_the_changed_archives_is_sound(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model.tar").write_bytes(BASE)
    (tmp_path / "unpacked").mkdir()
    assert archive.is_archive(tmp_path / "model.tar")
    assert unpack.unpack(tmp_path / "model.tar", tmp_path / "unpacked", LIMITS) == 2
