import hashlib
import os
import pathlib
import threading
import time
from collections.abc import Iterator
from concurrent import futures

import pytest

from model_loader import cache

MODEL = b"a model" * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()
NOW = 1_800_000_000.0
ENTRY = len(MODEL) + len(SHA256)
"""Bytes of an entry."""


def a_cache(top: pathlib.Path, *, limit: int = 1 << 20, namespace: str = "default") -> cache.Cache:
    return cache.Cache(directory=top / namespace, top=top, limit=limit)


def a_file(directory: pathlib.Path, content: bytes = MODEL) -> pathlib.Path:
    path = directory / "source"
    path.write_bytes(content)
    return path


def test_what_was_put_is_taken_again_with_its_checksum(tmp_path: pathlib.Path) -> None:
    slot = a_cache(tmp_path).slot("s3 b k")
    slot.put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert slot.take('"e"', len(MODEL), tmp_path / "target") == SHA256
    assert (tmp_path / "target").read_bytes() == MODEL


@pytest.mark.parametrize(
    ("identity", "e_tag", "size"),
    [("s3 b other", '"e"', len(MODEL)), ("s3 b k", '"other"', len(MODEL)), ("s3 b k", '"e"', 1)],
    ids=["another place", "another version", "another size"],
)
def test_nothing_else_is_taken_for_it(tmp_path: pathlib.Path, identity: str, e_tag: str, size: int) -> None:
    a_cache(tmp_path).slot("s3 b k").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert a_cache(tmp_path).slot(identity).take(e_tag, size, tmp_path / "target") is None


def test_namespaces_share_nothing_but_the_limit(tmp_path: pathlib.Path) -> None:
    a_cache(tmp_path, namespace="a").slot("s3 b k").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    other = a_cache(tmp_path, namespace="b", limit=ENTRY + 100)
    assert other.slot("s3 b k").take('"e"', len(MODEL), tmp_path / "target") is None
    other.slot("s3 b k").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize(
    "damaged",
    [b"b" * ENTRY, MODEL + SHA256.encode()[:-1], MODEL + SHA256.encode() + b"0", MODEL[:10], b""],
    ids=["other bytes", "cut off", "too long", "the beginning alone", "nothing"],
)
def test_a_damaged_entry_is_removed_and_not_taken(tmp_path: pathlib.Path, damaged: bytes) -> None:
    slot = a_cache(tmp_path).slot("s3 b k")
    slot.put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    (entry,) = (tmp_path / "default").iterdir()
    entry.write_bytes(damaged)
    assert slot.take('"e"', len(MODEL), tmp_path / "target") is None
    assert not entry.exists()


def put(held: cache.Cache, directory: pathlib.Path, *numbers: int) -> None:
    for number in numbers:
        held.slot(f"model {number}").put('"e"', len(MODEL), SHA256, a_file(directory))


def take(held: cache.Cache, directory: pathlib.Path, *numbers: int) -> list[int]:
    """Those of the models that are there."""
    slots = {number: held.slot(f"model {number}") for number in numbers}
    return [n for n, slot in slots.items() if slot.take('"e"', len(MODEL), directory / "target")]


def age(top: pathlib.Path) -> None:
    """Have all entries been used 100 seconds earlier."""
    for entry in top.glob("default/*"):
        os.utime(entry, (entry.stat().st_mtime - 100, entry.stat().st_mtime - 100))


def test_what_was_longest_not_used_goes_first(tmp_path: pathlib.Path) -> None:
    for number in range(3):
        put(a_cache(tmp_path, limit=3 * ENTRY), tmp_path, number)
        age(tmp_path)
    assert take(a_cache(tmp_path), tmp_path, 0) == [0]
    put(a_cache(tmp_path, limit=3 * ENTRY), tmp_path, 3)
    assert take(a_cache(tmp_path), tmp_path, 0, 1, 2, 3) == [0, 2, 3]


def test_what_is_used_while_a_load_goes_on_is_not_the_first_to_go(tmp_path: pathlib.Path) -> None:
    for number in range(3):
        put(a_cache(tmp_path), tmp_path, number)
        age(tmp_path)
    held = a_cache(tmp_path, limit=4 * ENTRY)
    put(held, tmp_path, 3)
    assert take(a_cache(tmp_path), tmp_path, 0) == [0]
    put(held, tmp_path, 4)
    assert take(a_cache(tmp_path), tmp_path, 0, 1, 2, 3, 4) == [0, 2, 3, 4]


def test_a_load_keeps_what_fits_and_removes_nothing_of_its_own(tmp_path: pathlib.Path) -> None:
    put(a_cache(tmp_path), tmp_path, 0)
    held = a_cache(tmp_path, limit=2 * ENTRY)
    put(held, tmp_path, 1, 2, 3)
    assert take(held, tmp_path, 0, 1, 2, 3) == [1, 2]


def test_the_files_of_one_load_are_added_at_once_within_the_limit(tmp_path: pathlib.Path) -> None:
    held = a_cache(tmp_path / "cache", limit=10 * ENTRY)
    source = a_file(tmp_path)
    (tmp_path / "cache").mkdir()
    with futures.ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(held.slot(f"model {number}").put, '"e"', len(MODEL), SHA256, source)
    assert len(take(held, tmp_path, *range(40))) == 10


def test_a_load_looks_through_the_cache_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of thousands of files would otherwise take minutes."""
    looks: list[pathlib.Path] = []
    glob = pathlib.Path.glob

    def counted(path: pathlib.Path, pattern: str) -> Iterator[pathlib.Path]:
        looks.append(path)
        return glob(path, pattern)

    monkeypatch.setattr(pathlib.Path, "glob", counted)
    held = a_cache(tmp_path)
    assert take(held, tmp_path, *range(20)) == []
    put(held, tmp_path, *range(20))
    assert take(held, tmp_path, *range(20)) == [*range(20)]
    assert looks == [tmp_path]


def test_an_entry_of_an_earlier_release_is_passed_over_until_its_room_is_needed(
    tmp_path: pathlib.Path,
) -> None:
    put(a_cache(tmp_path), tmp_path, 0)
    (entry,) = (tmp_path / "default").iterdir()
    entry.unlink()
    earlier = entry.with_name(f"{entry.name}-{SHA256}")
    earlier.write_bytes(MODEL)
    age(tmp_path)
    assert take(a_cache(tmp_path), tmp_path, 0) == []
    put(a_cache(tmp_path, limit=2 * ENTRY), tmp_path, 0)
    assert earlier.exists()
    put(a_cache(tmp_path, limit=2 * ENTRY), tmp_path, 1)
    assert not earlier.exists()
    assert take(a_cache(tmp_path), tmp_path, 0, 1) == [0, 1]


def test_a_file_beyond_the_limit_is_not_kept(tmp_path: pathlib.Path) -> None:
    held = a_cache(tmp_path, limit=100)
    held.slot("s3 b k").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert not (tmp_path / "default").exists()


def test_what_a_killed_loader_left_goes_after_some_hours_and_not_before(tmp_path: pathlib.Path) -> None:
    (tmp_path / "default").mkdir()
    old, young = tmp_path / "default" / "unfinished-1", tmp_path / "default" / "unfinished-2"
    for path, age in ((old, 7 * 3600), (young, 60)):
        path.write_bytes(b"half")
        os.utime(path, (NOW - age, NOW - age))
    a_cache(tmp_path).make_room(1, NOW)
    assert not old.exists()
    assert young.exists()


def test_what_another_loader_is_writing_makes_no_room(tmp_path: pathlib.Path) -> None:
    (tmp_path / "default").mkdir()
    unfinished = tmp_path / "default" / "unfinished-1"
    unfinished.write_bytes(b"half")
    assert a_cache(tmp_path, limit=5).make_room(4, time.time())
    assert unfinished.exists()


def test_many_loaders_may_put_and_take_the_same_file_at_once(tmp_path: pathlib.Path) -> None:
    source = a_file(tmp_path)
    taken: list[str | None] = []

    def work(number: int) -> None:
        for _ in range(20):
            slot = a_cache(tmp_path / "cache", limit=ENTRY + number).slot("s3 b k")
            slot.put('"e"', len(MODEL), SHA256, source)
            taken.append(slot.take('"e"', len(MODEL), tmp_path / f"target-{number}"))

    (tmp_path / "cache").mkdir()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Another one's entry may be evicted in between; whatever is taken is whole.
    assert set(taken) <= {SHA256, None}
    assert SHA256 in taken
    (entry,) = (tmp_path / "cache" / "default").iterdir()
    assert entry.read_bytes() == MODEL + SHA256.encode()


def test_a_cache_that_cannot_be_used_is_gone_without_and_told(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "default").write_text("a file where the folder should be")
    slot = a_cache(tmp_path).slot("s3 b k")
    slot.put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert slot.take('"e"', len(MODEL), tmp_path / "target") is None
    assert any("the cache can't be written: " in message for message in caplog.messages)
