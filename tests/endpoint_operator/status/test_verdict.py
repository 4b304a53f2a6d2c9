"""Findings and their advice."""

import pytest

from endpoint_contract import failures
from endpoint_operator.status import advice, verdict


@pytest.mark.parametrize("reason", sorted(failures.REASONS))
def test_every_failure_that_programs_promise_comes_with_advice(reason: str) -> None:
    assert advice.after(reason, "It failed") not in ("It failed", "It failed.")


def test_a_message_becomes_sentences_without_a_second_full_stop() -> None:
    assert advice.after("NoReadyPod", "Nobody is ready.") == "Nobody is ready."
    assert advice.after("NoReadyPod", "Nobody is ready") == "Nobody is ready."


def test_what_one_thing_has_to_say_is_cut_before_the_advice() -> None:
    found = verdict.Verdict.advised(verdict.TRUE, "OutOfMemory", "x" * 9000)
    assert found.message.endswith("Give the variant a higher memory limit.")
    assert len(found.message) < verdict.LONGEST + 100
