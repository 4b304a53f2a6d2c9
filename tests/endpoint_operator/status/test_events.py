"""Events are posted on transitions, once each."""

from typing import Any

from endpoint_operator.rollout import observed
from endpoint_operator.status import events
from tests.builders import snapshots
from tests.builders.planning import carried_out, plan
from tests.builders.snapshots import a_roll_out, an_endpoint
from tests.builders.statuses import DOWNLOAD, status_of

TWO = an_endpoint("one").with_variant("A").with_variant("B")
NEW_B = a_roll_out("two").with_variant("A").with_variant("B", model="2")


class Story:
    """A sequence of snapshots and the events between them."""

    def __init__(self, start: snapshots.Endpoint | None = None) -> None:
        self.status: dict[str, Any] = {}
        if start is not None:
            self.then(start)

    def then(self, endpoint: snapshots.Endpoint) -> list[tuple[str, str]]:
        before, self.status = self.status, status_of(endpoint, self.status)
        self.events = events.transitions(before, self.status, plan(endpoint))
        return [(event.type, event.reason) for event in self.events]


def test_an_endpoint_comes_up_with_what_serves_and_how_it_splits() -> None:
    story = Story()
    assert story.then(TWO.first()) == [("Normal", "RollingOut")]
    assert story.then(TWO.ready()) == [
        ("Normal", "Serving"),
        ("Normal", "Complete"),
        ("Normal", "WeightsApplied"),
    ]
    assert story.events[-1].message == "Every router splits requests A=50% B=50%."


def test_an_operator_that_has_just_started_tells_no_old_news() -> None:
    story = Story(TWO.ready())
    assert story.then(TWO.ready().seeing(reports={})) == []
    assert story.then(TWO.ready()) == []


def test_nothing_new_is_nothing_to_tell() -> None:
    story = Story(TWO.ready())
    assert story.then(TWO.ready().after(300)) == []


def test_a_weight_patch_is_told_when_it_is_applied() -> None:
    story = Story(TWO.ready())
    patched = TWO.ready().asks(weights={"A": 3})
    assert story.then(patched) == []
    assert story.then(carried_out(patched).heard()) == [("Normal", "WeightsApplied")]


def test_all_weights_zero_is_a_warning() -> None:
    story = Story(TWO.ready())
    assert story.then(TWO.ready().asks(weights={"A": 0, "B": 0})) == [("Warning", "AllWeightsZero")]


def test_a_roll_out_tells_its_start_its_cut_over_and_what_it_took_along() -> None:
    story = Story(TWO.ready())
    rolling = TWO.ready().rolling_out(NEW_B).asks(weights={"A": 1.0})
    assert story.then(rolling) == [("Normal", "RollingOut")]
    assert story.then(rolling.with_coming_pods().heard()) == [
        ("Normal", "ConfigServing"),
        ("Normal", "WeightsCarriedOver"),
    ]
    assert story.events[1].message == "Weights of the Endpoint's spec apply to two too: A=1."


def test_instance_counts_that_a_cut_over_takes_along_are_told_too() -> None:
    story = Story(TWO.ready())
    rolling = TWO.ready().rolling_out(NEW_B).asks(instance_counts={"A": 1, "B": 1, "X": 3})
    story.then(rolling)
    assert story.then(rolling.with_coming_pods().heard())[1:] == [("Normal", "InstanceCountsCarriedOver")]
    carried = story.events[1].message
    assert carried == "Instance counts of the Endpoint's spec apply to two too: A=1, B=1."


def test_what_was_taken_along_is_told_also_when_only_the_look_after_the_cut_over_writes_the_status() -> None:
    story = Story(TWO.ready())
    rolling = TWO.ready().rolling_out(NEW_B).asks(weights={"A": 1.0}, instance_counts={"B": 1})
    story.then(rolling)
    moving = rolling.with_coming_pods().heard()
    assert story.then(carried_out(moving))[:3] == [
        ("Normal", "ConfigServing"),
        ("Normal", "WeightsCarriedOver"),
        ("Normal", "InstanceCountsCarriedOver"),
    ]


def test_a_roll_out_that_fails_is_told_once() -> None:
    story = Story(TWO.ready())
    failing = TWO.ready().rolling_out(NEW_B).failing("B-2", DOWNLOAD)
    assert story.then(failing) == [("Warning", "ModelDownloadFailed")]
    assert story.then(failing.after(60)) == []
    back = story.then(TWO.ready())
    assert ("Normal", "Recovered") in back


def test_an_endpoint_that_stops_answering_is_a_warning_unless_asked_for() -> None:
    one = an_endpoint("one").with_variant("B")
    story = Story(one.ready())
    assert ("Warning", "NoReadyPod") in story.then(one.ready().failing("B-1", DOWNLOAD))
    story = Story(one.ready())
    zero = an_endpoint("one").with_variant("B", count=0).ready()
    assert ("Normal", "ScaledToZero") in story.then(zero)


def test_a_router_that_cannot_be_asked_is_a_warning_with_its_name() -> None:
    story = Story(TWO.ready())
    silent = TWO.ready().with_report("A-1-0", observed.Unreachable(snapshots.NOW - 100))
    assert story.then(silent) == [("Warning", "RouterUnreachable")]
    assert "A-1-0" in story.events[0].message
