from pathlib import Path

import pytest

from process_group import memory_limit


@pytest.mark.parametrize(
    ("file", "content", "limit"),
    [
        ("memory.max", "268435456\n", 268435456),
        ("memory.max", "max\n", None),
        ("memory/memory.limit_in_bytes", "268435456\n", 268435456),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n", None),
        ("nothing", "1\n", None),
    ],
    ids=["v2", "v2 without", "v1", "v1 without", "no cgroup"],
)
def test_the_limit_is_the_containers(tmp_path: Path, file: str, content: str, limit: int | None) -> None:
    path = tmp_path / "sys/fs/cgroup" / file
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert memory_limit.find(tmp_path) == limit
