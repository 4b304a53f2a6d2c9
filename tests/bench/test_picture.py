"""A picture of whatever has been measured so far."""

from pathlib import Path

from tests.bench import comparison, contender, figures, picture, report
from tests.builders.bench_turns import a_turn


def record(folder: Path, chosen: comparison.Comparison, scenario: str) -> None:
    measured = {chosen.ours[-1]: [a_turn()], chosen.reference: [a_turn()]}
    written = report.Record(chosen, folder / f"{chosen.name}.json", "2026-01-01T00:00:00+00:00")
    item = contender.Scenario(scenario, 32, lambda _: [])
    written.add(item, figures.summarise(measured, chosen.reference), measured, {})


def test_one_comparison_is_enough_for_a_picture(tmp_path: Path) -> None:
    record(tmp_path, comparison.ROUTER, "row, c=32")
    drawn = picture.draw(tmp_path)
    assert drawn is not None
    assert drawn.read_bytes().startswith(b"\x89PNG")


def test_without_what_it_shows_there_is_none(tmp_path: Path) -> None:
    assert picture.draw(tmp_path) is None
    record(tmp_path, comparison.SERVER, "100 rows, c=1")
    assert picture.draw(tmp_path) is None
