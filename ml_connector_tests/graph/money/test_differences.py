"""What people do to invoices in HubSpot: the reconciliation finds each, names its cause, and repairs it."""

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A company with some documents, all of them in HubSpot."""
    made = make_world(empty_company(), records=DOCUMENTS)
    made.enter_pairs(range(1, 4))
    money = Money(made)
    for customer in (1, 2, 3):
        money.bill(customer, "100", "25.50")
        money.bill(customer, "300")
    assert made.sync(0).status == "success"
    return made


def causes(statement: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Return the cause of each difference by key."""
    return {item["key"]: item["cause"] for item in statement["differences"]}


def ours(key: str) -> str:
    """Return the name of a document in the ledger."""
    kind, _, number = key.partition(":")
    return f"{kind.lower()}:{number}"


def test_an_edit_an_archived_invoice_and_a_removed_link_are_found_and_repaired(world: World) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    edited, archived, unlinked, status, *rest = [one.key for one in money.documents()]
    hubspot.edit_as_person("invoices", money.invoice(edited).id, {"visma_amount": "1", "visma_balance": "1"})
    hubspot.archive_as_person("invoices", money.invoice(archived).id)
    (company,) = money.linked(unlinked, "companies")
    hubspot.account.links.disconnect("0-53", money.invoice(unlinked).id, "0-2", company.id)
    hubspot.edit_as_person("invoices", money.invoice(status).id, {"hs_invoice_status": "paid"})

    found = money.reconciled()
    assert causes(found) == {
        ours(edited): "edited in HubSpot",
        ours(archived): "deleted in HubSpot",
        ours(unlinked): "missing link",
        ours(status): "edited in HubSpot",
    }
    passed = {check["name"]: check["passed"] for check in found["checks"]}
    assert not any(passed[name] for name in ("invoices_agree", "nothing_missing", "every_invoice_linked"))

    repaired = money.reconciled(repair=True)
    assert "4 records handed to the next sync" in str(repaired["notes"])
    summary = world.sync(0)
    assert summary.status == "success", summary
    money.equal()
    assert world.rejects() == []
    world.forget_calls()
    world.sync(0)
    assert world.writes() == []
    assert len(rest) == 2


def test_what_visma_no_longer_has_is_listed_and_archived_only_where_the_policy_says_so(
    make_world: MakeWorld,
) -> None:
    world = make_world(records=DOCUMENTS, reconciliation={"deletions": "archive"})
    world.enter_pairs([1])
    money = Money(world)
    gone, stays = money.bill(1, "100", "50"), money.bill(1, "70")
    world.sync(0)
    world.sandbox.visma.delete("customer_invoices", gone)
    assert causes(money.reconciled()) == {ours(gone): "deleted in Visma"}
    notes = str(money.reconciled(repair=True)["notes"])
    assert "0 of 1 record whose document is gone archived. 1 left alone:" in notes
    assert "HubSpot does not let the record be archived, as an invoice that is issued" in notes

    world.sandbox.hubspot.configure(open_invoices_deletable=True)
    notes = str(money.reconciled(repair=True)["notes"])
    assert "1 of 1 record whose document is gone archived." in notes
    assert list(world.sandbox.hubspot.records("invoices")) == [money.invoice(stays).id]
    money.no_orphans(1)
    assert money.reconciled()["agrees"]
    assert world.sync(0).status == "success"


def test_what_is_still_to_be_synced_is_told_apart(world: World) -> None:
    money = Money(world)
    first = money.documents()[0].key
    money.books.pay(first, stamp=rows.at(1))
    new = money.bill(1, "10", day=1)
    assert causes(money.reconciled()) == {ours(first): "not synced yet", ours(new): "not synced yet"}
    world.sync(1)
    money.equal()
