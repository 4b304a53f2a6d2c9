"""A short run of the fuzzer; the long one is ``python -m tests.robustness.fuzz``."""

import os
from pathlib import Path

from tests.robustness import fuzz, targets

INPUTS = int(os.environ.get("POINTSMAN_FUZZ_INPUTS", "1200"))
SEED = int(os.environ.get("POINTSMAN_FUZZ_SEED", "1"))
MEMORY_KIB = 24 * 1024


def check_leaks(outcome: fuzz.Outcome) -> None:
    """Memory grows to its working size and stays there; connections to models may still be idle."""
    print(outcome)
    assert outcome.inputs == INPUTS
    assert outcome.end.rss_kib - outcome.warm.rss_kib < MEMORY_KIB
    assert outcome.end.fds - outcome.warm.fds < 30


async def test_the_router_survives_what_is_almost_http(tmp_path: Path) -> None:
    async with targets.a_fuzzed_router(tmp_path, SEED) as router:
        check_leaks(await fuzz.fuzz(router, seed=SEED, first=0, count=INPUTS))


async def test_the_model_server_survives_what_is_almost_http(tmp_path: Path) -> None:
    async with targets.a_fuzzed_server(tmp_path) as server:
        check_leaks(await fuzz.fuzz(server, seed=SEED, first=0, count=INPUTS))
