"""Links whose ends people have merged or archived, which nothing in Visma tells: they follow, wait or are given up."""

import pytest

from ml_connector.causes.catalogue import cause_of_reason
from ml_connector.hubspot.strays import gone
from ml_connector_tests.hubspot.documents import (
    books,
    hubspot_id,
    invoice,
    link,
    load,
    load_links,
    states,
)
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running
from ml_connector_tests.records.snapshots import customer, supplier

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

ONE = "invoice:1"
COMPANY = link(ONE, "companies", "customer:10")
CONTACT = link(ONE, "contacts", "contact:1")


@pytest.fixture
def billed(books: Chain) -> Chain:
    """Invoice 1, not linked yet."""
    load(books, invoice(1))
    return books


def ours(chain: Chain, object_type: str, key: str) -> str:
    """Return the HubSpot record of a key."""
    return hubspot_id(chain, object_type, key)


def linked(chain: Chain, object_type: str) -> set[str]:
    """Return the records of a type that invoices are linked with."""
    return {other for _, other in chain.portal.links("invoices", object_type)}


@pytest.mark.parametrize("new_id", [False, True], ids=["into theirs", "into a third"])
def test_a_link_follows_records_that_were_merged(billed: Chain, *, new_id: bool) -> None:
    portal = billed.portal
    portal.configure(merge_gives_new_id=new_id)
    survivors = {}
    for object_type, key, made in (
        ("companies", "customer:10", {"name": "Made by sales"}),
        ("contacts", "contact:1", {"email": "sales@fjord.no"}),
    ):
        theirs = portal.add_record(object_type, made)
        survivors[key] = portal.merge_as_person(object_type, theirs, ours(billed, object_type, key))
    counts = load_links(billed, COMPANY, CONTACT)
    assert (counts.read, counts.created) == (2, 2)
    assert linked(billed, "companies") == {survivors["customer:10"]}
    assert linked(billed, "contacts") == {survivors["contact:1"]}
    assert {status for status, _ in states(billed).values()} == {"confirmed"}
    assert ours(billed, "companies", "customer:10") == survivors["customer:10"]
    identity = billed.ledger.identities("companies", ["customer:10"])["customer:10"]
    assert identity.fingerprint == "moved", "its values are compared when it comes again"
    assert identity.stamp, "and what is newest of it is remembered"


def test_all_that_a_merged_company_stands_for_follows(billed: Chain) -> None:
    """A customer that is a supplier too is one company, known by both numbers."""
    same = {"corporateId": "923609016", "name": "Fjord AS"}
    billed.sync([customer("30", **same)], [supplier("50", **same)])
    both = ("customer:30", "supplier:50")
    old = ours(billed, "companies", both[0])
    assert ours(billed, "companies", both[1]) == old
    theirs = billed.portal.add_record("companies", {"name": "Made by sales"})
    billed.portal.merge_as_person("companies", theirs, old)
    assert load_links(billed, link(ONE, "companies", both[0])).created == 1
    assert {ours(billed, "companies", key) for key in both} == {theirs}


def test_an_invoice_waits_for_a_company_that_is_gone_and_says_so(billed: Chain) -> None:
    """Archived, or merged into that of another customer: which one it is now, a person decides."""
    ten, twenty = (ours(billed, "companies", f"customer:{number}") for number in (10, 20))
    load(billed, invoice(2))
    billed.portal.merge_as_person("companies", twenty, ten)
    billed.portal.archive_as_person("companies", twenty)
    both = (COMPANY, link("invoice:2", "companies", "customer:20"))
    for _ in range(2):
        counts = load_links(billed, *both)
        assert (counts.pending, counts.rejected) == (2, 0)
        assert counts.causes.keys() == {"record-gone"}
        assert states(billed)[COMPANY.key] == ("pending", gone("customer:10"))
    assert ours(billed, "companies", "customer:10") == ten


def test_what_nobody_needs_is_given_up(billed: Chain) -> None:
    deal = billed.portal.add_record("deals", {"dealname": "Roof", "dealstage": "closedwon"})
    billed.portal.archive_as_person("deals", deal)
    billed.portal.archive_as_person("contacts", ours(billed, "contacts", "contact:1"))
    counts = load_links(billed, COMPANY, CONTACT, link(ONE, "deals", f"deal:{deal}"))
    assert (counts.created, counts.skipped) == (1, 2)
    assert set(states(billed)) == {COMPANY.key}, "nothing is left that the invoice would wait for"
    told = {row[0]: row[1] for row in billed.rows("operation", "record_key, message")}
    assert told[CONTACT.key] == gone("contact:1")


def test_links_of_an_invoice_that_is_gone_wait_and_name_it(billed: Chain) -> None:
    billed.portal.archive_as_person("invoices", ours(billed, "invoices", ONE))
    counts = load_links(billed, COMPANY, CONTACT)
    assert counts.pending == 2
    assert {reason for _, reason in states(billed).values()} == {gone(ONE)}


def test_the_reason_has_a_cause_of_its_own() -> None:
    assert cause_of_reason(gone(ONE)) == "record-gone"
