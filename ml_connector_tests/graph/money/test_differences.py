"""What people do to invoices in HubSpot: the reconciliation finds each, names its cause, and repairs it."""

from datetime import date

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold


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


LINE_LIST = "/crm/objects/2026-09/line_items"


def test_lines_that_people_touched_are_found_and_put_right(world: World) -> None:
    """Their documents add up all the same; a month reads the lines of its own documents only."""
    money, hubspot = Money(world), world.sandbox.hubspot
    priced, net, archived, unlinked, fine, _ = [one.key for one in money.documents()]
    early = money.books.add_invoice("1", sold("70"), stamp=rows.at(1), day=date(2026, 2, 27))
    world.sync(1)
    hubspot.edit_as_person("line_items", money.lines(priced)["1"].id, {"price": "90"})
    hubspot.edit_as_person("line_items", money.lines(net)["1"].id, {"visma_net_amount": "299.99"})
    hubspot.archive_as_person("line_items", money.lines(archived)["2"].id)
    loose = money.lines(unlinked)["1"].id
    hubspot.account.links.disconnect("0-53", money.invoice(unlinked).id, "0-8", loose)
    hubspot.edit_as_person("line_items", money.lines(early)["1"].id, {"hs_discount_percentage": "7"})

    world.forget_calls()
    of_month = causes(money.reconciled(month="2026-03"))
    assert of_month == dict.fromkeys(map(ours, (priced, net, archived, unlinked)), "edited in HubSpot")
    assert world.counted().of(f"GET {LINE_LIST}") == 0
    assert world.counted().of(f"POST {LINE_LIST}/batch/read") == 1

    world.forget_calls()
    found = money.reconciled()
    assert causes(found) == {**of_month, ours(unlinked): "missing link", ours(early): "edited in HubSpot"}
    assert world.counted().of(f"GET {LINE_LIST}") == 1
    assert world.counted().of("/associations/", "/invoices/line_items/batch/read") == 1
    passed = {check["name"]: check["passed"] for check in found["checks"]}
    assert [name for name, one in passed.items() if not one] == ["lines_agree"]

    assert "5 records" in str(money.reconciled(repair=True)["notes"])
    summary = world.sync(1)
    assert summary.status == "success"
    assert [summary.entities["line_items"][name] for name in ("created", "updated")] == [1, 3]
    money.equal()
    assert len(money.lines(fine)) == 2
    world.forget_calls()
    world.sync(0, 1)
    assert world.writes() == []


def test_lines_are_left_out_where_the_settings_say_so(world: World) -> None:
    money = Money(world)
    world.settings = world.settings.model_copy(
        update={"reconciliation": world.settings.reconciliation.model_copy(update={"lines": False})}
    )
    line = money.lines(money.documents()[0].key)["1"]
    world.sandbox.hubspot.edit_as_person("line_items", line.id, {"price": "90"})
    world.forget_calls()
    statement = money.reconciled()
    assert statement["agrees"]
    assert "Line items were not compared." in [check["sentence"] for check in statement["checks"]]
    assert world.counted().of("line_items") == 0
