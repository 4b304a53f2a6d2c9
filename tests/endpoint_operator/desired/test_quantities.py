from decimal import Decimal

import pytest

from endpoint_operator.desired import quantities


@pytest.mark.parametrize(
    ("quantity", "number"),
    [(1, "1"), ("0.5", "0.5"), ("500m", "0.5"), ("1Ki", "1024"), ("1.5Gi", "1610612736"), ("2k", "2000"),
     ("1e3", "1000"), ("1E-3", "0.001"), (".5", "0.5"), ("5.", "5"), ("1E", "1000000000000000000")],
)  # fmt: skip
def test_stands_for_a_number(quantity: object, number: str) -> None:
    assert quantities.value(quantity) == Decimal(number)


@pytest.mark.parametrize("text", ["", "a lot", "1 Gi", "1GiB", "Gi", "1e", "1e999", "١", True, None])
def test_what_is_no_quantity_has_no_value(text: object) -> None:
    assert quantities.value(text) is None
    assert not quantities.are_equal(text, text)


def test_spellings_of_one_number_are_equal_and_have_one_canonical_form() -> None:
    spellings = ["1", 1, "1000m", "1.0", "1e0", "0.001k"]
    assert all(quantities.are_equal(one, other) for one in spellings for other in spellings)
    assert {quantities.canonical(one) for one in spellings} == {"1"}


def test_what_is_no_quantity_is_its_own_canonical_form() -> None:
    assert quantities.canonical("a lot") == "a lot"
