"""Every request format × objective × answer, against Booster.predict to the bit."""

import pytest

from tests.xgboost_server import objectives, table

PLAIN = len(table.REQUESTS) * len(table.ANSWERS)


@pytest.mark.parametrize("name", objectives.NAMES)
async def test_every_format_in_and_out_is_booster_predict(name: str) -> None:
    checked = table.Table(name)
    await checked.check()
    assert checked.counts["plain"] == checked.counts["batch"] == PLAIN == 44
    assert checked.counts["open inference"] == 8
    if table.has_selected(name):
        assert checked.counts["selected"] == checked.counts["selected, batch"] == PLAIN
    else:
        assert checked.counts["selected: 500"] == 2 * PLAIN
