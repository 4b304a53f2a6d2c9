from pathlib import Path

import pytest

from endpoint_router import routing, stored_table
from tests.builders import route_tables

SNAPSHOT = routing.Snapshot(
    route_tables.a_table(revision=17, Variant1=0.25, Variant2=0.75),
    {
        "churn-variant1": routing.Addresses(("10.0.0.1:8080",), ("10.0.0.2:8080",)),
        "churn-variant2": routing.Addresses(),
    },
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / stored_table.FILE_NAME
    stored_table.save(path, route_tables.a_snapshot(route_tables.a_table()))
    stored_table.save(path, SNAPSHOT)
    assert stored_table.load(path) == SNAPSHOT
    assert list(tmp_path.iterdir()) == [path], "nothing unfinished stays"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"version": 1, "table": {"ver', id="cut off"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b'{"version": 2}', id="another version"),
        pytest.param(b'{"version": 1, "table": {"version": 1}, "addresses": {}}', id="no table"),
        pytest.param(b"\xff\xfe", id="not text"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / stored_table.FILE_NAME
    path.write_bytes(content)
    with pytest.raises(stored_table.StoredTableError, match="last-route-table"):
        stored_table.load(path)


def test_a_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(stored_table.StoredTableError, match="No such file"):
        stored_table.load(tmp_path / "none")


def test_a_write_that_fails_leaves_the_former_table(tmp_path: Path) -> None:
    path = tmp_path / stored_table.FILE_NAME
    stored_table.save(path, SNAPSHOT)
    (tmp_path / (stored_table.FILE_NAME + ".new")).mkdir()
    with pytest.raises(stored_table.StoredTableError, match="can't write"):
        stored_table.save(path, route_tables.a_snapshot(route_tables.a_table()))
    assert stored_table.load(path) == SNAPSHOT
