import hashlib
import os
import pathlib
import threading

import pytest

from model_loader import cache

MODEL = b"a model" * 1000
SHA256 = hashlib.sha256(MODEL).hexdigest()
NOW = 1_800_000_000.0


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
    other = a_cache(tmp_path, namespace="b", limit=len(MODEL) + 100)
    assert other.slot("s3 b k").take('"e"', len(MODEL), tmp_path / "target") is None
    other.slot("s3 b k").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert list((tmp_path / "a").iterdir()) == []


def test_a_damaged_entry_is_removed_and_not_taken(tmp_path: pathlib.Path) -> None:
    slot = a_cache(tmp_path).slot("s3 b k")
    slot.put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    (entry,) = (tmp_path / "default").iterdir()
    entry.write_bytes(b"b" * len(MODEL))
    assert slot.take('"e"', len(MODEL), tmp_path / "target") is None
    assert not entry.exists()


def test_what_was_longest_not_used_goes_first(tmp_path: pathlib.Path) -> None:
    held = a_cache(tmp_path, limit=3 * len(MODEL))
    for number in range(3):
        held.slot(f"model {number}").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
        for entry in (tmp_path / "default").iterdir():
            os.utime(entry, (entry.stat().st_mtime - 100, entry.stat().st_mtime - 100))
    assert held.slot("model 0").take('"e"', len(MODEL), tmp_path / "target")
    held.slot("model 3").put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    present = [n for n in range(4) if held.slot(f"model {n}").take('"e"', len(MODEL), tmp_path / "target")]
    assert present == [0, 2, 3]


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


def test_many_loaders_may_put_and_take_the_same_file_at_once(tmp_path: pathlib.Path) -> None:
    source = a_file(tmp_path)
    taken: list[str | None] = []

    def work(number: int) -> None:
        slot = a_cache(tmp_path / "cache", limit=len(MODEL) + number).slot("s3 b k")
        for _ in range(20):
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
    assert [path.name.rpartition("-")[2] for path in (tmp_path / "cache" / "default").iterdir()] == [SHA256]


def test_a_cache_that_cannot_be_used_is_gone_without_and_told(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "default").write_text("a file where the folder should be")
    slot = a_cache(tmp_path).slot("s3 b k")
    slot.put('"e"', len(MODEL), SHA256, a_file(tmp_path))
    assert slot.take('"e"', len(MODEL), tmp_path / "target") is None
    assert any("the cache can't be written: " in message for message in caplog.messages)
