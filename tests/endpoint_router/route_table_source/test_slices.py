from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint_router import routing
from endpoint_router.route_table_source import slices
from tests.builders import kubernetes_api

READY = {"ready": True, "serving": True, "terminating": False}
STARTING = {"ready": False, "serving": False, "terminating": False}
LEAVING = {"ready": False, "serving": True, "terminating": True}
STOPPED = {"ready": False, "serving": False, "terminating": True}


def addresses_of(*documents: dict[str, Any]) -> dict[str, routing.Addresses]:
    return slices.addresses(slices.decode(document) for document in documents)


def a_slice_of(**pods: Mapping[str, bool | None]) -> dict[str, Any]:
    """One slice of Service ``s``; pods by the last part of their address, as ``p1``."""
    document = kubernetes_api.a_slice("s")
    document["endpoints"] = [
        {"addresses": [f"10.0.0.{name[1:]}"], "conditions": conditions} for name, conditions in pods.items()
    ]
    return document


@pytest.mark.parametrize(
    ("pods", "ready", "terminating"),
    [
        pytest.param({"p1": READY}, ["10.0.0.1:8080"], [], id="ready"),
        pytest.param({"p1": STARTING}, [], [], id="starting"),
        pytest.param({"p1": LEAVING}, [], ["10.0.0.1:8080"], id="terminating but serving"),
        pytest.param({"p1": STOPPED}, [], [], id="terminating and no longer serving"),
        pytest.param(
            {"p2": READY, "p1": LEAVING}, ["10.0.0.2:8080"], ["10.0.0.1:8080"], id="one comes, one goes"
        ),
        pytest.param({"p1": {}}, ["10.0.0.1:8080"], [], id="no condition counts as ready"),
        pytest.param({"p1": {"ready": None}}, ["10.0.0.1:8080"], [], id="null counts as ready"),
        pytest.param({"p1": {"ready": False, "terminating": True}}, [], [], id="serving defers to ready"),
        pytest.param(
            {"p1": {"ready": True, "terminating": True}}, [], ["10.0.0.1:8080"], id="old API, leaving"
        ),
    ],
)
def test_a_pod_is_listed_by_its_conditions(
    pods: dict[str, dict[str, bool | None]], ready: list[str], terminating: list[str]
) -> None:
    assert addresses_of(a_slice_of(**pods)) == {"s": routing.Addresses(tuple(ready), tuple(terminating))}


def test_a_service_is_the_sum_of_its_slices() -> None:
    found = addresses_of(
        kubernetes_api.a_slice("a", "10.0.0.2", name="a-1"),
        kubernetes_api.a_slice("a", "10.0.0.1", name="a-2"),
        kubernetes_api.a_slice("b", "10.0.0.3"),
    )
    assert found == {
        "a": routing.Addresses(("10.0.0.1:8080", "10.0.0.2:8080")),
        "b": routing.Addresses(("10.0.0.3:8080",)),
    }


def test_a_pod_in_two_slices_counts_once_and_as_ready() -> None:
    old, new = a_slice_of(p1=LEAVING), a_slice_of(p1=READY)
    assert addresses_of(old, new) == {"s": routing.Addresses(("10.0.0.1:8080",))}


def test_a_service_without_pods_is_known_and_empty() -> None:
    document = kubernetes_api.a_slice("s")
    document |= {"endpoints": None, "ports": None}
    assert addresses_of(document) == {"s": routing.Addresses()}


def test_a_dual_stack_pod_counts_once() -> None:
    six = kubernetes_api.a_slice("s", "fd00::1", name="s-six") | {"addressType": "IPv6"}
    assert addresses_of(six, kubernetes_api.a_slice("s", "10.0.0.1")) == {
        "s": routing.Addresses(("10.0.0.1:8080",))
    }


def test_an_ipv6_address_stands_in_brackets() -> None:
    six = kubernetes_api.a_slice("s", "fd00::1") | {"addressType": "IPv6"}
    assert addresses_of(six) == {"s": routing.Addresses(("[fd00::1]:8080",))}


def test_a_slice_of_no_service_and_one_of_names_are_left_out() -> None:
    stray, names = kubernetes_api.a_slice("", "10.0.0.1"), kubernetes_api.a_slice("s", "model.example")
    assert addresses_of(stray, names | {"addressType": "FQDN"}) == {"s": routing.Addresses()}


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        pytest.param([{"name": "http", "port": 9000}], "9000", id="by name"),
        pytest.param(
            [{"name": "grpc", "port": 1}, {"name": "http", "port": 9000}], "9000", id="by name among others"
        ),
        pytest.param([{"name": "", "port": 9001}], "9001", id="the only one"),
        pytest.param([{"name": "http", "port": None}], "8080", id="without number"),
        pytest.param(None, "8080", id="without ports"),
    ],
)
def test_the_port_is_the_one_called_http(ports: list[dict[str, Any]] | None, expected: str) -> None:
    document = kubernetes_api.a_slice("s", "10.0.0.1") | {"ports": ports}
    assert addresses_of(document)["s"].ready == (f"10.0.0.1:{expected}",)


CONDITIONS = st.dictionaries(
    st.sampled_from(["ready", "serving", "terminating"]), st.sampled_from([True, False, None])
)
PODS = st.dictionaries(st.integers(1, 40).map(lambda number: f"p{number}"), CONDITIONS, max_size=12)


@given(PODS, st.randoms(use_true_random=False))
def test_neither_order_nor_the_cut_into_slices_matters(
    pods: dict[str, dict[str, bool | None]], chance: Any
) -> None:
    names = list(pods)
    chance.shuffle(names)
    cut = chance.randint(0, len(names))
    halves = [a_slice_of(**{name: pods[name] for name in part}) for part in (names[:cut], names[cut:])]
    assert addresses_of(*halves) == addresses_of(a_slice_of(**pods))


@given(PODS)
def test_no_address_is_both_ready_and_terminating_and_none_is_invented(
    pods: dict[str, dict[str, bool | None]],
) -> None:
    found = addresses_of(a_slice_of(**pods))["s"]
    assert not set(found.ready) & set(found.terminating)
    assert {*found.ready, *found.terminating} <= {f"10.0.0.{name[1:]}:8080" for name in pods}
