"""Writes whose answer was lost with the process that sent them: read back, never assumed, never doubled."""

from dataclasses import replace
from typing import Any

import pytest

from ml_connector.hubspot.batches import WriteInput, write_batches
from ml_connector.hubspot.ledger_rows import write_input
from ml_connector.hubspot.lost import address_of, settle_lost_intents
from ml_connector.ledger.entries import Entry, LostIntent
from ml_connector.plan.operations import Action, Operation
from ml_connector_tests.hubspot.documents import STAMP, books, invoice, line, load
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import at, contact, customer, supplier

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

LATER = "2026-11-21T10:00:00"


def plan(chain: Chain, *customers: Any, suppliers: Any = ()) -> list[Operation]:
    return chain.plan_companies(chain.companies(customers, suppliers), unknown=0)


def die(chain: Chain, operations: list[Operation], *, sent: int) -> None:
    """Intend operations and send the first few, as a process does that is killed before it hears an answer."""
    entries = [Entry(f"lost-{len(chain.runs)}-{place}", one) for place, one in enumerate(operations)]
    chain.journal().intend(entries)
    inputs: list[WriteInput] = [write_input(entry) for entry in entries[:sent]]
    for one in inputs:
        list(write_batches(chain.client, operations[0].object_type, [[one]], before=lambda _: None))


def statuses(chain: Chain) -> dict[str, tuple[str, str | None]]:
    return {row[0]: (row[1], row[2]) for row in chain.rows("operation", "record_key, status, hubspot_id")}


def test_what_landed_is_confirmed_and_what_did_not_is_planned_again(chain: Chain) -> None:
    die(chain, plan(chain, *[customer(str(number)) for number in range(150)]), sent=3)
    assert settle_lost_intents(chain.client, chain.journal()) == 150
    found = statuses(chain)
    landed = {key for key, (status, _) in found.items() if status == "confirmed"}
    assert landed == {"customer:0", "customer:1", "customer:2"}
    assert found["customer:1"][1] == chain.company("customer:1").id
    assert {status for status, _ in found.values()} == {"confirmed", "pending"}
    assert settle_lost_intents(chain.client, chain.journal()) == 0


def test_the_next_run_takes_over_without_doubling(chain: Chain) -> None:
    rows = [customer(str(number)) for number in range(20)]
    die(chain, plan(chain, *rows), sent=7)
    counts = chain.load_companies(plan(chain, *rows))
    assert (counts.created, counts.unchanged) == (13, 7)
    assert len(chain.portal.records("companies")) == 20
    assert len(chain.rows("identity")) == 20


def test_an_update_counts_only_with_all_its_values(chain: Chain) -> None:
    chain.load_companies(plan(chain, customer("1"), customer("2"), customer("3")))
    changed = plan(
        chain, *[at(customer(n, currencyId="SEK", status="OnHold"), LATER) for n in ("1", "2", "3")]
    )
    die(chain, changed, sent=1)
    # Half of what was meant for 2 came another way; of 3 nothing.
    chain.portal.edit_as_person("companies", chain.company("customer:2").id, {"visma_currency": "SEK"})
    settle_lost_intents(chain.client, chain.journal())
    ends = [row for row in chain.rows("operation", "record_key, status, action") if row[2] == "update"]
    assert {row[0]: row[1] for row in ends} == {
        "customer:1": "confirmed",
        "customer:2": "pending",
        "customer:3": "pending",
    }


def test_what_an_undo_did_before_it_died_is_not_taken_for_what_was_synced(chain: Chain) -> None:
    """Of customer and supplier that are one company, the ledger's row of the operation names only one."""
    one = customer("1", currencyId="SEK", corporateId="974760673")
    same = [supplier("9", corporateId="974760673")]
    chain.load_companies(plan(chain, one, suppliers=same))
    assert [known.action for known in plan(chain, one, suppliers=same)] == [Action.UNCHANGED]
    company = chain.company("customer:1").id
    back = Operation(
        entity="undo_companies",
        object_type="companies",
        action=Action.UPDATE,
        keys=("customer:1",),
        partition="2026-11-20",
        hubspot_id=company,
        values={"visma_currency": "NOK"},
    )
    die(chain, [back], sent=1)
    settle_lost_intents(chain.client, chain.journal())
    (again,) = plan(chain, one, suppliers=same)
    assert (again.action, again.values["visma_currency"]) == (Action.UPDATE, "SEK")
    die(chain, [replace(back, action=Action.ARCHIVE, values={})], sent=0)
    chain.portal.archive_as_person("companies", company)
    settle_lost_intents(chain.client, chain.journal())
    assert chain.rows("identity") == []


def test_suppliers_contacts_and_links(chain: Chain) -> None:
    die(chain, plan(chain, suppliers=[supplier("9")]), sent=1)
    people = chain.plan_contacts(
        chain.contacts([contact(1, email="a@b.no", businessAccount="10")]), unknown=0
    )
    die(chain, [one for one in people if one.entity == "contacts"], sent=1)
    chain.journal().intend([Entry("lost-link", one) for one in people if one.entity == "links"])
    assert settle_lost_intents(chain.client, chain.journal()) == 3
    assert {key: status for key, (status, _) in statuses(chain).items()} == {
        "supplier:9": "confirmed",
        "contact:1": "confirmed",
        "contact:1>customer:10": "pending",  # a link is made again for nothing rather than missed
    }


def test_a_line_that_was_made_is_known_from_then_on(books: Chain) -> None:
    """Visma may have removed it by then: its document alone would not lead to it any more."""
    load(books, invoice(1))
    die(books, [line(1, place) for place in (1, 2, 3)], sent=2)
    changed = books.portal.find("line_items", "visma_line_id", "acme:Invoice:1:2")[0].id
    books.portal.edit_as_person("line_items", changed, {"price": "7"})
    settle_lost_intents(books.client, books.journal())
    known = books.ledger.identities("line_items", [f"line:Invoice:1:{place}" for place in (1, 2, 3)])
    assert {key: (one.fingerprint, one.stamp) for key, one in known.items()} == {
        "line:Invoice:1:1": ("", STAMP),
        "line:Invoice:1:2": ("", STAMP),
    }
    assert known["line:Invoice:1:2"].hubspot_id == changed


def test_an_archived_record_is_not_confirmed(chain: Chain) -> None:
    chain.load_companies(plan(chain, customer("1")))
    die(chain, plan(chain, at(customer("1", currencyId="SEK"), LATER)), sent=1)
    chain.portal.archive_as_person("companies", chain.company("customer:1").id)
    settle_lost_intents(chain.client, chain.journal())
    assert [row[0] for row in chain.rows("operation", "status, action") if row[1] == "update"] == ["pending"]


@pytest.mark.parametrize(
    ("hubspot_id", "values", "address"),
    [
        ("901", {"visma_customer_id": "acme:1"}, ("901", None)),
        (
            None,
            {"visma_customer_id": "acme:1", "visma_supplier_id": "acme:9"},
            ("acme:1", "visma_customer_id"),
        ),
        (None, {"visma_supplier_id": "acme:9"}, ("acme:9", "visma_supplier_id")),
        (None, {"visma_invoice_id": "acme:Invoice:1"}, ("acme:Invoice:1", "visma_invoice_id")),
        (None, {"visma_line_id": "acme:Invoice:1:2"}, ("acme:Invoice:1:2", "visma_line_id")),
        (None, {"visma_payment_id": "acme:Payment:4"}, ("acme:Payment:4", "visma_payment_id")),
        (None, {"visma_transaction_id": "acme:GL:7"}, ("acme:GL:7", "visma_transaction_id")),
    ],
)
def test_where_an_intent_is_found(
    hubspot_id: str | None, values: dict[str, str | None], address: tuple[str, str | None]
) -> None:
    lost = LostIntent("r", "t", "companies", "companies", "customer:1", hubspot_id, values, "create")
    assert address_of(lost) == address


@pytest.mark.parametrize("action", [Action.LINK, Action.UNLINK])
def test_links_of_all_kinds_are_left_to_the_next_plan(chain: Chain, action: Action) -> None:
    """Made or removed again for nothing rather than missed; HubSpot need not be asked."""
    one = Operation(
        entity="invoice_links",
        object_type="invoices",
        action=action,
        keys=("invoice:1>deal:9",),
        partition="2026-11-20",
        values={"from": "invoice:1", "to": "deal:9", "to_type": "deals"},
    )
    chain.journal().intend([Entry("lost-link", one)])
    chain.portal.forget_calls()
    assert settle_lost_intents(chain.client, chain.journal()) == 1
    assert statuses(chain) == {"invoice:1>deal:9": ("pending", None)}
    assert chain.portal.counts.calls == 0


def test_a_portal_without_our_properties_holds_nothing_of_ours(chain: Chain) -> None:
    """Killed in the first run of all, before anything was there to be read back by."""
    operations = plan(chain, customer("1"))
    assert operations[0].action is Action.CREATE
    die(chain, operations, sent=0)
    chain.portal.reset(chain.portal.settings)
    chain.client.refresh_properties("companies")
    assert settle_lost_intents(chain.client, chain.journal()) == 1
    assert statuses(chain)["customer:1"] == ("pending", None)
