"""Money arithmetic: what is read is exact, what is written is plain, what is shared adds up."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records.amounts import CENT, cents, decimal, money_text, number_text, shares
from ml_connector.records.normal_forms import OddValueError
from ml_connector_tests.records.documents import BOUNDED, amount


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "0"), (7, "7"), (Decimal("1234.7700"), "1234.7700"), (Decimal("-0.5"), "-0.5")],
)
def test_a_number_is_read_exactly_and_none_is_zero(value: object, expected: str) -> None:
    assert decimal(value) == Decimal(expected)


@pytest.mark.parametrize("value", ["12.50", 12.5, True, [], {}])
def test_what_is_no_exact_number_is_refused_without_its_value(value: object) -> None:
    with pytest.raises(OddValueError, match=f"type {type(value).__name__} stands where a number"):
        decimal(value)


@pytest.mark.parametrize(
    ("value", "expected"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("2.6749", "2.67")]
)
def test_cents_round_half_away_from_zero(value: str, expected: str) -> None:
    assert cents(Decimal(value)) == Decimal(expected)


@pytest.mark.parametrize(
    ("value", "number", "money"),
    [
        ("1234.7700", "1234.77", "1234.77"),
        ("9257.5", "9257.5", "9257.50"),
        ("100", "100", "100.00"),
        ("1E+3", "1000", "1000.00"),
        ("0.0000", "0", "0.00"),
        ("-0.0", "0", "0.00"),
        ("-0", "0", "0.00"),
        ("-12.3", "-12.3", "-12.30"),
        ("0.1234", "0.1234", "0.1234"),
    ],
)
def test_texts_are_plain_numbers(value: str, number: str, money: str) -> None:
    assert (number_text(Decimal(value)), money_text(Decimal(value))) == (number, money)


@BOUNDED
@given(amount("-99999999", "99999999", 4))
def test_a_text_holds_the_exact_value(value: Decimal) -> None:
    for written in (number_text(value), money_text(value)):
        assert re.fullmatch(r"-?\d+(\.\d+)?", written)
        assert Decimal(written) == value


class TestShares:
    """Shares of a total in whole cents."""

    @BOUNDED
    @given(amount("-99999", "99999", 2), st.lists(amount("-999", "9999", 4), min_size=1, max_size=60))
    def test_add_up_and_none_is_a_cent_off(self, total: Decimal, weights: list[Decimal]) -> None:
        whole = sum(weights, Decimal(0))
        if not whole:
            return
        found = shares(total, weights)
        assert sum(found, Decimal(0)) == total
        for share, weight in zip(found, weights, strict=True):
            assert abs(share - total * weight / whole) < CENT
            assert share == share.quantize(CENT)

    @pytest.mark.parametrize(
        ("total", "weights", "expected"),
        [
            ("1.00", "1 1 1", "0.34 0.33 0.33"),  # the first among equals
            ("-1.00", "1 1 1", "-0.33 -0.33 -0.34"),
            ("10.00", "25 15 10", "5.00 3.00 2.00"),
            ("0.05", "1 2 1", "0.01 0.03 0.01"),  # the largest remainder: 1.25, 2.5, 1.25 cents
            ("10", "3 -1", "15.00 -5.00"),
            ("1.0050", "1 1", "0.5050 0.50"),  # what is finer than a cent stays with the first
            ("7", "0 5", "0.00 7.00"),
        ],
    )
    def test_leftover_cents_go_to_the_largest_remainders(
        self, total: str, weights: str, expected: str
    ) -> None:
        found = shares(Decimal(total), [Decimal(weight) for weight in weights.split()])
        assert found == [Decimal(share) for share in expected.split()]

    def test_of_a_thousand_add_up(self) -> None:
        found = shares(Decimal("1234.56"), [Decimal(n % 7 + 1) for n in range(1000)])
        assert (len(found), sum(found, Decimal(0))) == (1000, Decimal("1234.56"))
