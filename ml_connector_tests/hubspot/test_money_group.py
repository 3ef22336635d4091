"""The properties of documents, lines, payments and transactions: outside names, and a portal takes them all."""

from collections import Counter
from typing import Any

import pytest

from ml_connector.hubspot.money_group import (
    INVOICE_PROPERTIES,
    LINE_PROPERTIES,
    PAYMENT_PROPERTIES,
    STANDARD_INVOICE_PROPERTIES,
    STANDARD_LINE_PROPERTIES,
    STANDARD_PAYMENT_PROPERTIES,
    transaction_properties,
)
from ml_connector.hubspot.properties import ensure, preflight, schema_scope
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.hubspot.writable import Writable, writable
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]

EVERY = (INVOICE_PROPERTIES, LINE_PROPERTIES, PAYMENT_PROPERTIES, transaction_properties("orders"))


@pytest.mark.parametrize(
    ("specs", "names"),
    [
        (
            INVOICE_PROPERTIES,
            "visma_invoice_id visma_document_type visma_number visma_amount visma_vat_amount visma_balance visma_status"
            " visma_due_date visma_paid_date visma_days_overdue visma_credited_amount visma_pending_reason"
            " visma_last_modified",
        ),
        (LINE_PROPERTIES, "visma_line_id visma_net_amount visma_vat_rate visma_vat_amount"),
        (PAYMENT_PROPERTIES, "visma_payment_id visma_last_modified"),
        (
            transaction_properties("orders"),
            "visma_transaction_id visma_module visma_batch_number visma_amount visma_period visma_transaction_date"
            " visma_description visma_dimensions visma_last_modified",
        ),
    ],
)
def test_the_names_of_the_design_are_there(specs: Any, names: str) -> None:
    assert [spec.name for spec in specs] == names.split()


@pytest.mark.parametrize("specs", EVERY)
def test_each_object_has_one_identity_and_labels_of_its_own(specs: Any) -> None:
    assert [spec.name for spec in specs if spec.unique] == [specs[0].name]
    assert all(spec.label and spec.description.startswith("Written by ml-connector.") for spec in specs)
    assert max(Counter(spec.label for spec in specs).values()) == 1
    assert len({spec.object_type for spec in specs}) == 1


@pytest.mark.parametrize("specs", EVERY)
def test_a_portal_takes_them(chain: Chain, specs: Any) -> None:
    ensure(chain.client, GROUP, specs).require()
    assert preflight(specs, chain.client.properties(specs[0].object_type)).ok


@pytest.mark.parametrize(
    ("object_type", "names"),
    [
        ("invoices", STANDARD_INVOICE_PROPERTIES),
        ("line_items", STANDARD_LINE_PROPERTIES),
        ("commerce_payments", STANDARD_PAYMENT_PROPERTIES),
    ],
)
def test_standard_properties_can_be_written(chain: Chain, object_type: str, names: tuple[str, ...]) -> None:
    assert writable(names, chain.client.properties(object_type)) == Writable(names, ())


def test_what_a_portal_keeps_for_itself_or_lacks_is_dropped(chain: Chain) -> None:
    chain.portal.configure(extra_read_only=frozenset({("invoices", "hs_amount_billed")}))
    definitions = chain.client.refresh_properties("invoices")
    names = ("hs_number", "hs_amount_billed", "hs_balance_due", "hs_of_tomorrow", "visma_amount")
    assert writable(names, definitions) == Writable(
        ("hs_number", "visma_amount"), ("hs_amount_billed", "hs_balance_due", "hs_of_tomorrow")
    )


@pytest.mark.parametrize("name", ["2-140000001", "p139876543_visma_transaction"])
def test_definitions_of_custom_objects_have_a_scope_of_their_own(name: str) -> None:
    assert schema_scope(name) == "crm.schemas.custom.write"
