"""Keeping facts: in the order of keys, each once in its newest version, with exact amounts."""

from decimal import Decimal

import pytest

from ml_connector.reconciliation import facts as module
from ml_connector.reconciliation.facts import Facts, Kind, Standing, amount_of
from ml_connector_tests.reconciliation.made import fact


@pytest.fixture(params=[2, 5_000])
def rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few and many facts at a time."""
    monkeypatch.setattr(module, "ROWS", request.param)


@pytest.mark.usefixtures("rows")
def test_facts_come_back_as_they_were_in_the_order_of_their_keys() -> None:
    made = [
        fact("transaction:AR:9", month=None, customers=(), status="", shown=""),
        fact("invoice:20", amount=Decimal("-0.0001"), balance=None, standing=Standing.DRAFT, note="waits"),
        fact("invoice:3", customers=("1", "2"), hubspot_id="77"),
        fact("creditnote:1", amount=Decimal("99999999999999.9999"), currency="SEK"),
    ]
    assert list(Facts(made)) == sorted(made, key=lambda one: one.key)
    assert Facts(made).kinds == {Kind.TRANSACTION, Kind.INVOICE, Kind.CREDIT_NOTE}


@pytest.mark.usefixtures("rows")
def test_of_two_versions_the_newer_one_counts() -> None:
    old, new, other = fact("invoice:1"), fact("invoice:1", stamp="2026-11-17T09:30:01"), fact("invoice:2")
    assert list(Facts([new, other, old])) == [new, other]


def test_no_facts_are_none() -> None:
    assert list(Facts([])) == []
    assert Facts([]).kinds == frozenset()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1250.5", Decimal("1250.5")),
        (" -3 ", Decimal(-3)),
        ("1.25E3", Decimal(1250)),
        ("", None),
        (None, None),
        ("abc", None),
        ("NaN", None),
        ("1e30", None),
        ("0.123456789", None),
    ],
)
def test_a_number_of_hubspot_is_exact_or_none(text: str | None, amount: Decimal | None) -> None:
    assert amount_of(text) == amount
