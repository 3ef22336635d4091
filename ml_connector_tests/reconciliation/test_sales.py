"""Sales transactions on both sides, over HTTP: in the portal's own object for them, or in Visma's totals alone."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ml_connector.errors import UsageError
from ml_connector.hubspot.transaction_object import ensure_transaction_object
from ml_connector.reconciliation.compare import Comparison, compare, verdicts
from ml_connector.reconciliation.explain import Cause
from ml_connector.reconciliation.facts import Facts, Kind
from ml_connector.reconciliation.reading import sales_object
from ml_connector.settings.money import TransactionRules
from ml_connector_tests.reconciliation.made import around
from ml_connector_tests.reconciliation.portal import NAME, Portal, served

KEPT = ("visma_transaction_id", "visma_amount", "visma_transaction_date")


@pytest.fixture(scope="module")
def bare() -> Iterator[Portal]:
    """Books, and a portal that has no object for transactions yet."""
    with served() as made:
        yield made


@pytest.fixture(scope="module")
def kept(bare: Portal) -> tuple[Portal, str]:
    """The same portal with every sale in an object of its own, which is named."""
    made = ensure_transaction_object(bare.hubspot.client, TransactionRules())
    name = str(made.name)
    for record in bare.visma.transaction_records():
        values = {key: str(record.properties[key]) for key in KEPT}
        company = bare.companies.get(str(record.customer).partition(":")[2])
        bare.sandbox.hubspot.add_record(name, values, [("companies", company)] if company else [])
    return bare, name


def compared(portal: Portal, name: str) -> Comparison:
    """Compare the sales alone."""
    sides = Facts(portal.visma.transactions()), Facts(portal.hubspot.transactions(name))
    return compare(*sides, lambda _: {}, around(), kinds=[Kind.TRANSACTION])


def test_before_the_first_sync_visma_s_totals_stand_alone(bare: Portal) -> None:
    where = sales_object(bare.hubspot.client, TransactionRules())
    assert where.name is None
    assert "no custom object" in where.reason
    refused = "Custom objects need an Enterprise subscription."
    assert sales_object(bare.hubspot.client, TransactionRules(), refused).reason == refused
    assert sales_object(bare.hubspot.client, TransactionRules(object="ledger")).name is None
    assert "holds no sales" in sales_object(bare.hubspot.client, TransactionRules(object="orders")).reason
    with pytest.raises(UsageError):
        sales_object(bare.hubspot.client, TransactionRules(object="sagas"))


def test_an_object_that_a_sync_could_not_use_is_not_compared_while_it_is_empty(bare: Portal) -> None:
    made = ensure_transaction_object(bare.hubspot.client, TransactionRules())
    refused = "The custom object visma_transaction does not fit."
    assert sales_object(bare.hubspot.client, TransactionRules(), refused).name is None
    sold = bare.sandbox.hubspot.add_record(str(made.name), {"visma_transaction_id": f"{NAME}:AR:1"})
    assert sales_object(bare.hubspot.client, TransactionRules(), refused).name == made.name
    bare.sandbox.hubspot.archive_as_person(str(made.name), sold)


def test_the_sales_of_a_year_agree_with_their_object(kept: tuple[Portal, str]) -> None:
    portal, name = kept
    assert sales_object(portal.hubspot.client, TransactionRules()).name == name
    found = compared(portal, name)
    assert found.agrees, found.differences[:3]
    assert found.compared[Kind.TRANSACTION] > 50
    assert {group.currency for group, _ in found.totals} == {"NOK"}
    assert sum((pair.visma.amount for _, pair in found.totals), Decimal(0)) > 0
    assert {verdict.passed for verdict in verdicts(found, [Kind.TRANSACTION])} == {True}


def test_an_edited_sale_and_one_that_is_gone_are_found(kept: tuple[Portal, str]) -> None:
    portal, name = kept
    first, second = list(portal.hubspot.transactions(name))[:2]
    amount = first.amount
    assert amount is not None
    portal.sandbox.hubspot.edit_as_person(name, first.hubspot_id, {"visma_amount": str(amount + 1)})
    portal.sandbox.hubspot.archive_as_person(name, second.hubspot_id)
    found = compared(portal, name)
    assert {item.key: item.cause for item in found.differences} == {
        first.key: Cause.UNKNOWN,
        second.key: Cause.UNKNOWN,
    }, "without a ledger nobody knows who changed it"
    assert [verdict.name for verdict in verdicts(found) if not verdict.passed] == [
        "transactions_agree",
        "nothing_missing",
    ]
