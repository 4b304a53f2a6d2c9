"""Damaged and random bodies against running servers; POINTSMAN_FUZZ_BODIES says how many."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.xgboost_server import fuzz

BODIES = int(os.environ.get("POINTSMAN_FUZZ_BODIES", "1500"))
# A server takes a second of CPU to start: one will do when there is little to send.
CAMPAIGNS = fuzz.CAMPAIGNS if BODIES >= 10_000 else fuzz.CAMPAIGNS[1:2]


@pytest.mark.timeout(60 + BODIES / 50)
@pytest.mark.parametrize(("objective", "environment"), CAMPAIGNS, ids=lambda value: str(value))
async def test_no_body_gets_more_than_a_refusal(
    tmp_path: Path, objective: str, environment: Mapping[str, str]
) -> None:
    count = BODIES // len(CAMPAIGNS)
    statuses = await fuzz.campaign(tmp_path, count, seed=99, objective=objective, **environment)
    assert statuses.total() == count // 4 * 4
    assert {200, 400, 406, 415} <= set(statuses)
