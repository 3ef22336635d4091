"""What people do to invoices in HubSpot: the reconciliation finds each, names its cause, and repairs it.

The tests share a company; each has invoices of its own, and leaves the portal as the books are.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold

Free = Iterator[str]


@pytest.fixture(scope="module")
def world(make_shared_world: MakeWorld) -> World:
    """A company with some documents, all of them in HubSpot."""
    made = make_shared_world(records=DOCUMENTS, reconciliation={"deletions": "archive"})
    made.enter_pairs(range(1, 8))
    money = Money(made)
    for customer in range(1, 8):
        money.bill(customer, "100", "25.50")
        money.bill(customer, "300")
    assert made.sync(0).status == "success"
    return made


@pytest.fixture(scope="module")
def free(world: World) -> Free:
    """Keys of invoices that no test has had yet: of two lines, of one, and so on."""
    return iter([one.key for one in Money(world).documents()])


def causes(statement: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Return the cause of each difference by key."""
    return {item["key"]: item["cause"] for item in statement["differences"]}


def ours(key: str) -> str:
    """Return the name of a document in the ledger."""
    kind, _, number = key.partition(":")
    return f"{kind.lower()}:{number}"


def test_an_edit_an_archived_invoice_and_a_removed_link_are_found_and_repaired(
    world: World, free: Free
) -> None:
    money, hubspot = Money(world), world.sandbox.hubspot
    edited, archived, unlinked, status = (next(free) for _ in range(4))
    hubspot.edit_as_person("invoices", money.invoice(edited).id, {"visma_amount": "1", "visma_balance": "1"})
    hubspot.archive_as_person("invoices", money.invoice(archived).id)
    (company,) = money.linked(unlinked, "companies")
    hubspot.account.links.disconnect("0-53", money.invoice(unlinked).id, "0-2", company.id)
    hubspot.edit_as_person("invoices", money.invoice(status).id, {"hs_invoice_status": "paid"})

    found = money.reconciled(repair=True)
    assert causes(found) == {
        ours(edited): "edited in HubSpot",
        ours(archived): "deleted in HubSpot",
        ours(unlinked): "missing link",
        ours(status): "edited in HubSpot",
    }
    passed = {check["name"]: check["passed"] for check in found["checks"]}
    assert not any(passed[name] for name in ("invoices_agree", "nothing_missing", "every_invoice_linked"))
    assert "4 records handed to the next sync" in str(found["notes"])
    summary = world.sync(0)
    assert summary.status == "success", summary
    money.equal()
    assert world.rejects() == []


def test_what_is_still_to_be_synced_is_told_apart(world: World, free: Free) -> None:
    money = Money(world)
    paid = next(free)
    money.books.pay(paid, stamp=rows.at(1))
    new = money.bill(1, "10", day=1)
    assert causes(money.reconciled()) == {ours(paid): "not synced yet", ours(new): "not synced yet"}
    world.sync(1)
    money.equal()


LINE_LIST = "/crm/objects/2026-09/line_items"


def test_lines_that_people_touched_are_found_and_put_right(
    world: World, free: Free, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their documents add up all the same; a month reads the lines of its own documents only."""
    money, hubspot = Money(world), world.sandbox.hubspot
    net, priced, unlinked, archived = (next(free) for _ in range(4))
    early = money.books.add_invoice("1", sold("70"), stamp=rows.at(2), day=date(2026, 2, 27))
    world.sync(2)
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

    # Where the settings say so, they are left out.
    with monkeypatch.context() as patch:
        without = world.settings.reconciliation.model_copy(update={"lines": False})
        patch.setattr(world, "settings", world.settings.model_copy(update={"reconciliation": without}))
        world.forget_calls()
        statement = money.reconciled()
    assert statement["agrees"]
    assert "Line items were not compared." in [check["sentence"] for check in statement["checks"]]
    assert world.counted().of("line_items") == 0

    world.forget_calls()
    found = money.reconciled()
    assert causes(found) == {**of_month, ours(unlinked): "missing link", ours(early): "edited in HubSpot"}
    assert world.counted().of(f"GET {LINE_LIST}") == 1
    assert world.counted().of("/associations/", "/invoices/line_items/batch/read") == 1
    passed = {check["name"]: check["passed"] for check in found["checks"]}
    assert [name for name, one in passed.items() if not one] == ["lines_agree"]

    assert "5 records" in str(money.reconciled(repair=True)["notes"])
    summary = world.sync(2)
    assert summary.status == "success"
    assert [summary.entities["line_items"][name] for name in ("created", "updated")] == [1, 3]
    money.equal()
    world.forget_calls()
    world.sync(0, 2)
    assert world.writes() == []


def test_what_visma_no_longer_has_is_listed_and_archived_where_the_policy_says_so(
    world: World, free: Free
) -> None:
    """That it is left alone elsewhere is in ``reconciliation/test_repair.py``."""
    money, hubspot = Money(world), world.sandbox.hubspot
    gone = next(free)
    there, lines = len(hubspot.records("invoices")), len(hubspot.records("line_items"))
    world.sandbox.visma.delete("customer_invoices", gone)
    found = money.reconciled(repair=True)
    assert causes(found) == {ours(gone): "deleted in Visma"}
    assert "0 of 1 record whose document is gone archived. 1 left alone:" in str(found["notes"])
    assert "HubSpot does not let the record be archived, as an invoice that is issued" in str(found["notes"])

    hubspot.configure(open_invoices_deletable=True)
    theirs = len(money.lines(gone))
    notes = str(money.reconciled(repair=True)["notes"])
    assert "1 of 1 record whose document is gone archived." in notes
    assert len(hubspot.records("invoices")) == there - 1
    money.no_orphans(lines - theirs)
    assert money.reconciled()["agrees"]
    assert world.sync(0).status == "success"
    assert len(hubspot.records("invoices")) == there - 1
