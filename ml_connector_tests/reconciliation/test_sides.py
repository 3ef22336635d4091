"""Both sides over HTTP: what is read, what belongs to this connection, and what a person's hand leaves behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ml_connector.reconciliation import repair
from ml_connector.reconciliation.explain import Cause
from ml_connector.reconciliation.facts import DOCUMENTS, Fact, Kind, Standing
from ml_connector.reconciliation.visma_side import settled_since
from ml_connector.records.field_rules import FieldRules
from ml_connector.settings.taking import TakeSettings
from ml_connector.visma.entities import Entity
from ml_connector.visma.rows import Row
from ml_connector_tests.reconciliation.portal import AS_OF, NAME, Portal, served
from ml_connector_tests.sandbox.book_keeping import sold

LATER = AS_OF + timedelta(hours=9)


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    """A year of small books, all of it in the portal. Tests add documents of their own."""
    with served() as made:
        made.mirror()
        yield made


def hubspot(portal: Portal, key: str) -> Fact | None:
    """What HubSpot shows of a document now."""
    return next((fact for fact in portal.hubspot.documents() if fact.key == key), None)


def visma(portal: Portal, key: str) -> Fact | None:
    """What Visma has of a document now."""
    return next((fact for fact in portal.visma.documents() if fact.key == key), None)


def invoiced(portal: Portal) -> str:
    """Enter an invoice that HubSpot does not have; return its number."""
    number = portal.sandbox.visma.books.add_invoice("10001", sold("100"), stamp=LATER)
    return number.partition(":")[2]


def shown(portal: Portal, number: str) -> str:
    """Show an invoice in the portal; return the record's id."""
    (record,) = [record for record in portal.records() if record.key == f"invoice:{number}"]
    return portal.show(record)


def test_a_mirrored_year_agrees_to_the_cent(portal: Portal) -> None:
    found = portal.compared()
    assert found.agrees, found.differences
    documents = [fact for fact in portal.visma.documents() if fact.standing is Standing.RELEASED]
    assert {fact.kind for fact in documents} == {"invoice", "creditnote", "debitnote"}
    assert {fact.currency for fact in documents} >= {"NOK", "SEK", "EUR"}
    assert any(fact.standing is Standing.HELD for fact in portal.visma.documents())
    assert portal.visma.names["10001"]


def test_the_portal_is_read_in_pages_of_a_hundred(portal: Portal) -> None:
    portal.sandbox.log.clear()
    many = sum(1 for _ in portal.hubspot.documents())
    paths = [(call.method, call.path) for call in portal.sandbox.log.calls("hubspot")]
    assert len(paths) <= -(-many // 100) + 1, "one call a page; the companies are known from before"
    assert {method for method, path in paths if not path.endswith("/batch/read")} == {"GET"}


def test_a_credit_note_is_negative_on_both_sides(portal: Portal) -> None:
    for side in (portal.visma.documents(), portal.hubspot.documents()):
        amounts = [fact.amount for fact in side if fact.key.startswith("creditnote:")]
        assert amounts
        assert all(amount is not None and amount < 0 for amount in amounts)


def test_only_records_of_this_connection_count(portal: Portal) -> None:
    before = {fact.key for fact in portal.hubspot.documents()}
    typed = ("acme", "acme:", "acme:100001", "acme:Invoice:", "acme:Faktura:100001")
    for own_id in (None, "other:Invoice:100001", "acme2:Invoice:100001", *typed):
        values = {"hs_currency": "NOK", "hs_invoice_billable": "false"} | (
            {"visma_invoice_id": own_id} if own_id else {}
        )
        portal.sandbox.hubspot.add_record("invoices", values)
    assert {fact.key for fact in portal.hubspot.documents()} == before


def test_a_document_of_a_type_that_does_not_travel_is_not_missed(portal: Portal) -> None:
    before = {fact.key for fact in portal.visma.documents()}
    row = {"documentType": "FinCharge", "referenceNumber": "1", "status": "Open", "currencyId": "NOK"}
    portal.sandbox.visma.add("customer_invoices", row)
    assert {fact.key for fact in portal.visma.documents()} == before
    portal.sandbox.visma.delete("customer_invoices", "FinCharge:1")


def test_an_edited_amount_is_read_as_it_stands(portal: Portal) -> None:
    number = invoiced(portal)
    record = shown(portal, number)
    portal.sandbox.hubspot.edit_as_person("invoices", record, {"visma_amount": "125.01"})
    found = hubspot(portal, f"invoice:{number}")
    assert found is not None
    assert (found.amount, found.balance, found.hubspot_id) == (Decimal("125.01"), Decimal(125), record)


def test_a_blank_amount_is_no_number(portal: Portal) -> None:
    number = invoiced(portal)
    portal.sandbox.hubspot.edit_as_person("invoices", shown(portal, number), {"visma_amount": ""})
    found = hubspot(portal, f"invoice:{number}")
    assert found is not None
    assert found.amount is None
    causes = {item.key: item.fields for item in portal.compared().differences}
    assert causes[f"invoice:{number}"] == ("amount",)


def test_an_archived_record_is_not_there(portal: Portal) -> None:
    number = invoiced(portal)
    portal.sandbox.hubspot.archive_as_person("invoices", shown(portal, number))
    assert hubspot(portal, f"invoice:{number}") is None


def test_a_draft_says_why_it_is_one(portal: Portal) -> None:
    number = invoiced(portal)
    values = {
        "visma_invoice_id": f"{NAME}:Invoice:{number}",
        "hs_currency": "NOK",
        "hs_invoice_billable": "false",
        "hs_invoice_status": "draft",
        "visma_pending_reason": "its lines are still to come",
    }
    portal.sandbox.hubspot.add_record("invoices", values)
    found = hubspot(portal, f"invoice:{number}")
    assert found is not None
    assert (found.standing, found.note) == (Standing.DRAFT, "its lines are still to come")


@pytest.mark.parametrize("kept", ["", "other:10001"])
def test_a_company_that_is_no_customer_of_ours_is_no_link(portal: Portal, kept: str) -> None:
    number = invoiced(portal)
    (record,) = [record for record in portal.records() if record.key == f"invoice:{number}"]
    stranger = portal.sandbox.hubspot.add_record(
        "companies", {"name": "Stranger", **({"visma_customer_id": kept} if kept else {})}
    )
    own = portal.companies["10001"]
    portal.companies["10001"] = stranger
    portal.show(record)
    portal.companies["10001"] = own
    (difference,) = [item for item in portal.compared().differences if item.key == record.key]
    assert (difference.cause, difference.fields) == (Cause.MISSING_LINK, ("customer",))


def test_a_date_time_is_a_day_in_the_zone_of_the_company(portal: Portal) -> None:
    last_minute = {"visma_invoice_id": f"{NAME}:Invoice:1", "hs_invoice_date": "2026-10-31T23:30:00Z"}
    assert portal.hubspot.document_fact(last_minute, "7").month == "2026-11"
    assert portal.hubspot.document_fact({**last_minute, "hs_invoice_date": "soon"}, "7").month is None


def test_a_document_that_is_gone_from_visma_is_on_one_side_only(portal: Portal) -> None:
    number = invoiced(portal)
    shown(portal, number)
    portal.sandbox.visma.delete("customer_invoices", f"Invoice:{number}")
    (difference,) = [item for item in portal.compared().differences if item.key == f"invoice:{number}"]
    assert difference.cause is Cause.DELETED_IN_VISMA


def test_payments_name_what_they_touched_since_a_moment(portal: Portal) -> None:
    number = invoiced(portal)
    books = portal.sandbox.visma.books
    books.pay(f"Invoice:{number}", stamp=LATER + timedelta(minutes=1))
    books.void_payment(portal.sandbox.visma.keys("customer_payments")[-1], stamp=LATER + timedelta(minutes=5))
    found = settled_since(portal.visma.client, LATER)
    assert found == {f"invoice:{number}": "2026-03-02T09:05:00"}
    assert settled_since(portal.visma.client, LATER + timedelta(hours=1)) == {}
    assert settled_since(portal.visma.client, None) == {}


def test_of_several_payments_of_a_document_the_newest_counts() -> None:
    class Payments:
        def changed(self, entity: Entity | str, since: datetime | None = None) -> Iterator[list[Row]]:
            lines = [{"documentType": "Invoice", "refNbr": "7"}]
            for moment in ("2026-03-02T09:00:00", "2026-03-02T10:00:00", "2026-03-02T09:30:00"):
                yield [Row(f"Payment:{moment}", moment, "", {"paymentLines": lines})]

        def one(self, entity: Entity | str, key: str) -> Row | None:
            return None

    assert settled_since(Payments(), LATER) == {"invoice:7": "2026-03-02T10:00:00"}


def test_few_documents_are_read_again_by_number_and_many_from_the_list(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"invoice:{invoiced(portal)}", f"invoice:{invoiced(portal)}"]
    reads = []
    for most in (2, 1):
        monkeypatch.setattr(repair, "ONE_BY_ONE", most)
        portal.sandbox.log.clear()
        assert sorted(record.key for record in repair.fresh_records(portal.visma, keys)) == keys
        reads.append([call.path.rpartition("/")[2] for call in portal.sandbox.log.calls("visma")])
    assert reads[0] == [key.partition(":")[2] for key in keys]
    assert set(reads[1]) == {"customerinvoice"}


def test_a_currency_the_portal_lacks_travels_in_base_where_the_connection_converts(portal: Portal) -> None:
    mapper = replace(portal.visma.mapper, base_currency="NOK")
    converting = replace(portal.visma, mapper=mapper, currencies=frozenset({"NOK", "EUR"}))
    own = {fact.key: fact for fact in portal.visma.documents()}
    found = {fact.key: fact for fact in converting.documents()}
    swedish = [key for key, fact in own.items() if fact.currency == "SEK"]
    assert swedish
    assert all(found[key].currency == "NOK" and found[key].amount != own[key].amount for key in swedish)
    assert all(found[key] == fact for key, fact in own.items() if fact.currency == "EUR")


def test_what_belongs_to_a_customer_that_is_not_taken_says_so(portal: Portal) -> None:
    rules = FieldRules(take=TakeSettings(customer_classes=("1",)))
    choosing = replace(portal.visma, mapper=replace(portal.visma.mapper, rules=rules), left_out={})
    choosing.learn_customers()
    assert set(choosing.left_out.values()) == {"not taken: customer class 2"}
    facts = [*choosing.documents(), *choosing.transactions()]
    others = [one for one in facts if one.standing is Standing.NOT_TAKEN]
    assert {one.kind for one in others} == {*DOCUMENTS, Kind.TRANSACTION}
    customers = {f"customer:{number}" for one in others for number in one.customers}
    assert customers <= choosing.left_out.keys()
    assert all(one.note.startswith("not taken: ") for one in others)
    portal.visma.learn_customers()
    assert portal.visma.left_out == {}


def test_a_row_that_cannot_be_read_is_refused_and_has_no_amount(portal: Portal) -> None:
    number = invoiced(portal)
    portal.sandbox.visma.update("customer_invoices", f"Invoice:{number}", {"amountInCurrency": None})
    found = visma(portal, f"invoice:{number}")
    assert found is not None
    assert (found.standing, found.amount) == (Standing.RELEASED, None)
    assert found.note


def test_a_stamp_is_kept_as_visma_writes_it(portal: Portal) -> None:
    found = visma(portal, f"invoice:{invoiced(portal)}")
    assert found is not None
    assert datetime.fromisoformat(found.stamp) == LATER
