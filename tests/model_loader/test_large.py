"""Artefacts of any size in constant memory. POINTSMAN_LARGE_MB sets their size, for a long run."""

import gzip
import os
import pathlib
import sys
import tarfile
from collections.abc import Callable

import pytest

from tests.model_loader import program, servers

SIZE = int(os.environ.get("POINTSMAN_LARGE_MB", "128")) << 20
MOST_MEMORY = 64 << 20
"""Bytes; the chart gives a loader 256 MiB."""


# A process begins with the memory of the one that started it: a small one of its own tells the truth.
_MEASURE = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def peak_memory(loader: program.Loader, url: str) -> int:
    """Bytes of memory that a run which loads its model had at most."""
    limits = ("--max-artefact-size", "1Ti", "--max-unpacked-size", "1Ti")
    process = loader.started(url, *limits, under=(sys.executable, "-c", _MEASURE))
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    return int(stdout.splitlines()[-1]) * 1024


def a_member(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf()


def a_large_file(web: servers.Web, _: pathlib.Path) -> str:
    web.answers["/m.ubj"] = [servers.Answer(body=b"model", zeros=SIZE)]
    return f"{web.url}/m.ubj"


def a_large_archive(web: servers.Web, _: pathlib.Path) -> str:
    header, padding = a_member("m.ubj", SIZE), 2 * tarfile.BLOCKSIZE + -SIZE % tarfile.BLOCKSIZE
    web.answers["/m.tar"] = [servers.Answer(body=header, zeros=SIZE + padding)]
    return f"{web.url}/m.tar"


def a_small_archive_of_a_large_file(_: servers.Web, directory: pathlib.Path) -> str:
    source = directory / "m.tar.gz"
    chunk = bytes(1 << 20)
    with gzip.open(source, "wb", compresslevel=1) as packed:
        packed.write(a_member("m.ubj", SIZE))
        for _chunk in range(SIZE // len(chunk)):
            packed.write(chunk)
        packed.write(bytes(2 * tarfile.BLOCKSIZE))
    return f"file://{source}"


@pytest.mark.parametrize(
    "arrange",
    [a_large_file, a_large_archive, a_small_archive_of_a_large_file],
    ids=["a large file", "a large archive", "a small archive of a large file"],
)
def test_a_large_artefact_is_loaded_in_little_memory(
    loader: program.Loader,
    web: servers.Web,
    tmp_path: pathlib.Path,
    arrange: Callable[[servers.Web, pathlib.Path], str],
) -> None:
    used = peak_memory(loader, arrange(web, tmp_path))
    print(f"{SIZE >> 20} MiB, at most {used / 2**20:.0f} MiB of memory")
    assert (loader.model_dir / "m.ubj").stat().st_size >= SIZE
    assert used < MOST_MEMORY
