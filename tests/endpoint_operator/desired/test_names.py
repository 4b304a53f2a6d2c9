import re

from hypothesis import given
from hypothesis import strategies as st

from endpoint_contract import variant_names
from endpoint_operator.api import endpoint as endpoint_kind
from endpoint_operator.api import endpoint_config, parse
from endpoint_operator.desired import names, revision_hash
from tests.builders import manifests

DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z")
ENDPOINTS = st.from_regex(endpoint_kind.NAME_PATTERN, fullmatch=True).map(lambda name: name[:63].rstrip("-"))
VARIANTS = st.from_regex(variant_names.PATTERN, fullmatch=True).filter(variant_names.is_valid)


def _variant(name: str) -> endpoint_config.ProductionVariant:
    config = parse.endpoint_config(manifests.endpoint_config(manifests.variant(name)))
    return config.spec.production_variants[0]


def _revision(endpoint: str, variant: str) -> str:
    digits = revision_hash.variant_hash(endpoint, _variant(variant), restart="")
    return names.revision(endpoint, variant, digits)


@given(ENDPOINTS, VARIANTS)
def test_every_revision_can_be_a_service_and_keeps_its_hash(endpoint: str, variant: str) -> None:
    revision = _revision(endpoint, variant)
    assert DNS_1035.match(revision)
    assert len(revision) <= 63
    assert revision.endswith(f"-{revision_hash.variant_hash(endpoint, _variant(variant), restart='')}")


@given(st.tuples(ENDPOINTS, VARIANTS), st.tuples(ENDPOINTS, VARIANTS))
def test_different_endpoints_or_variants_never_share_a_revision(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (_revision(*one) == _revision(*other)) == (one == other)


def test_pairs_that_read_alike_never_share_a_revision() -> None:
    assert _revision("a-b", "c") != _revision("a", "b-c")
    assert _revision("a", "Variant") != _revision("a", "variant")
    assert _revision("e" * 63, "A") != _revision("e" * 63, "B")


def test_a_revision_reads_as_its_endpoint_and_variant() -> None:
    assert names.revision("churn", "Variant1", "3f2a9c1d00") == "churn-variant1-3f2a9c1d00"


def test_the_readable_part_never_ends_in_a_hyphen() -> None:
    assert names.revision("e" * 51, "variant", "3f2a9c1d00") == f"{'e' * 51}-3f2a9c1d00"


def test_every_other_object_is_named_after_its_endpoint() -> None:
    assert names.service("churn") == "churn"
    assert names.routes("churn") == "churn-routes"
    assert names.router("churn") == "churn-router"
    assert names.roll_out("churn", "0123456789") == "churn-0123456789"
    assert names.url("churn", "team") == "http://churn.team.svc"
