"""Where transactions are kept: in a custom object where the portal allows one, else where the settings or it say."""

import pytest

from ml_connector.errors import TransientApiError, UsageError
from ml_connector.hubspot.calls import Call
from ml_connector.hubspot.money_group import transaction_properties
from ml_connector.hubspot.properties import preflight
from ml_connector.hubspot.transaction_object import (
    CUSTOM_OBJECT,
    ELSEWHERE,
    NOT_YET,
    SCOPES,
    TransactionObject,
    ensure_transaction_object,
    transaction_object,
)
from ml_connector.plan.operations import Action, Operation
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import ALL_SCOPES, Fault
from ml_connector.settings.money import TransactionRules
from ml_connector_tests.hubspot.documents import books, hubspot_id, invoice, link, load, load_links, states
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

AUTO = TransactionRules()
SCHEMAS = "/crm-object-schemas/2026-09/schemas"
FULL = f"p139876543_{CUSTOM_OBJECT}"


def no_wait(_: float) -> None:
    """Wait for nothing: the sandbox shows at once what was made."""


def transaction(object_type: str) -> Operation:
    """Return what makes a transaction."""
    return Operation(
        entity="transactions",
        object_type=object_type,
        action=Action.CREATE,
        keys=("transaction:GL:17",),
        partition="2026-11-20",
        id_property="visma_transaction_id",
        values={
            "visma_transaction_id": "acme:GL:17",
            "visma_amount": "-12.50",
            "visma_transaction_date": "2026-11-20",
        },
        fingerprint="f",
    )


@pytest.fixture
def enterprise(books: Chain) -> Chain:
    """A portal that allows custom objects."""
    books.portal.configure(enterprise=True)
    return books


class TestAuto:
    """A custom object of ours."""

    def test_it_is_made_once_with_its_properties(self, enterprise: Chain) -> None:
        assert transaction_object(enterprise.client, AUTO) == TransactionObject(FULL, NOT_YET, exists=False)
        assert enterprise.portal.counts.writes == 0
        for _ in range(2):
            where = ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)
            assert where.name == FULL
        assert transaction_object(enterprise.client, AUTO) == where
        assert preflight(transaction_properties(FULL), enterprise.client.refresh_properties(FULL)).ok
        calls = [(call.method, call.path) for call in enterprise.sandbox.log.calls("hubspot")]
        assert calls.count(("POST", SCHEMAS)) == 1

    def test_its_records_are_linked_with_the_type_the_portal_gave(self, enterprise: Chain) -> None:
        ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)
        load(enterprise, invoice(1))
        assert load(enterprise, transaction(FULL)).created == 1
        mine = hubspot_id(enterprise, FULL, "transaction:GL:17")
        assert enterprise.portal.record(FULL, mine).values["visma_amount"] == "-12.50"
        counts = load_links(
            enterprise,
            link("transaction:GL:17", "companies", "customer:10", from_type=FULL),
            link("transaction:GL:17", "invoices", "invoice:1", from_type=FULL),
        )
        assert counts.created == 2
        assert {status for status, _ in states(enterprise).values()} == {"confirmed"}
        assert len(enterprise.portal.links(FULL, "companies")) == 1
        assert len(enterprise.portal.links(FULL, "invoices")) == 1

    def test_one_that_is_there_with_other_properties_gets_ours(self, enterprise: Chain) -> None:
        make(enterprise, "number")
        where = ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)
        assert where.name == FULL
        assert load(enterprise, transaction(FULL)).created == 1

    def test_one_whose_id_is_not_unique_is_left_alone_and_named(self, enterprise: Chain) -> None:
        make(enterprise, "visma_transaction_id")
        where = ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)
        assert where.name is None
        assert "visma_transaction_id does not enforce unique values" in where.reason
        assert ELSEWHERE in where.reason

    def test_a_portal_without_custom_objects_keeps_them_in_the_ledger(self, books: Chain) -> None:
        where = ensure_transaction_object(books.client, AUTO, sleep=no_wait)
        assert where.name is None
        assert "Custom objects need an Enterprise subscription" in where.reason
        assert ELSEWHERE in where.reason

    @pytest.mark.parametrize("scope", SCOPES)
    def test_missing_scopes_are_named(self, enterprise: Chain, scope: str) -> None:
        enterprise.portal.configure(scopes=ALL_SCOPES - {scope})
        for look in (transaction_object, ensure_transaction_object):
            where = look(enterprise.client, AUTO)
            assert where.name is None
            assert where.reason == f"The token lacks {scope}, so {ELSEWHERE}."
        assert enterprise.portal.counts.writes == 0

    def test_a_lost_answer_makes_it_once(self, enterprise: Chain) -> None:
        number = enterprise.sandbox.faults.add(
            FaultRule(kind=FaultKind.DROP_AFTER, path=SCHEMAS, method="POST")
        )
        where = ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)
        enterprise.sandbox.faults.remove(number)
        assert where.name == FULL

    def test_a_portal_out_of_reach_ends_the_run(self, enterprise: Chain) -> None:
        """Else the window's transactions would be skipped for good."""
        enterprise.portal.fail(Fault(status=502, method="POST", path_contains="/schemas", times=9))
        with pytest.raises(TransientApiError):
            ensure_transaction_object(enterprise.client, AUTO, sleep=no_wait)


class TestChoice:
    """What the settings name."""

    def test_the_ledger_alone_asks_nothing(self, enterprise: Chain) -> None:
        enterprise.portal.forget_calls()
        rules = TransactionRules(object="ledger")
        for look in (transaction_object, ensure_transaction_object):
            assert look(enterprise.client, rules).name is None
        assert enterprise.portal.counts.calls == 0

    def test_another_object_gets_the_properties(self, books: Chain) -> None:
        rules = TransactionRules(object="orders")
        assert ensure_transaction_object(books.client, rules, sleep=no_wait).name == "orders"
        assert preflight(transaction_properties("orders"), books.client.properties("orders")).ok

    def test_one_that_is_not_there_is_a_mistake_of_the_settings(self, books: Chain) -> None:
        with pytest.raises(UsageError, match="Unable to infer object type") as raised:
            transaction_object(books.client, TransactionRules(object="p1_sales"))
        assert "transactions.object" in str(raised.value)

    def test_one_that_does_not_fit_is_named(self, books: Chain) -> None:
        books.portal.add_property("orders", "visma_transaction_id")
        with pytest.raises(UsageError, match="does not enforce unique values"):
            ensure_transaction_object(books.client, TransactionRules(object="orders"), sleep=no_wait)


def make(chain: Chain, name: str) -> None:
    """Make our custom object as a person does, with one property that is not unique."""
    body = {
        "name": CUSTOM_OBJECT,
        "labels": {"singular": "Sale", "plural": "Sales"},
        "primaryDisplayProperty": name,
        "properties": [{"name": name, "label": "Number", "type": "string", "fieldType": "text"}],
    }
    chain.client.call(Call("POST", SCHEMAS, body, write=True))
