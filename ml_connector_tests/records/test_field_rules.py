"""What a connection's settings make of fields: mapped values on every kind of record, and who does not travel."""

from dataclasses import replace
from typing import Any

import pytest

from ml_connector.records.again import Again
from ml_connector.records.companies import CompanyMapper, companies, merge
from ml_connector.records.contacts import contacts
from ml_connector.records.field_rules import NO_RULES, FieldRules
from ml_connector.records.invoice_model import InvoiceRecord
from ml_connector.records.judging import NAMELESS, classes_of
from ml_connector.records.model import CompanyRecord, ContactRecord
from ml_connector.settings import ConnectionSettings
from ml_connector_tests.records import documents
from ml_connector_tests.records.documents import OSLO
from ml_connector_tests.records.snapshots import Rows, contact, customer, supplier

INDUSTRY = {
    "visma": "attributes.INDUSTRY",
    "hubspot": "industry",
    "type": "enumeration",
    "values": {"IT": "COMPUTER_SOFTWARE"},
}
LIMIT = {"visma": "creditLimit", "hubspot": "credit_limit", "type": "number"}
FAX = {"visma": "mainContact.fax", "hubspot": "phone"}
NACE = {"visma": "naceCode", "hubspot": "nace"}
NUMBER = "912345678"


def rules(**changes: Any) -> FieldRules:
    return FieldRules.of(
        ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-20", **changes})
    )


def industry(value: str) -> list[dict[str, str]]:
    return [{"id": "INDUSTRY", "value": value, "description": "Industry"}]


def mapped(mine: FieldRules, customers: Any = (), suppliers: Any = ()) -> dict[str, CompanyRecord]:
    mapper = CompanyMapper("acme", OSLO, "NO", rules=mine)
    return {record.key: record for record in companies(Rows(*customers), Rows(*suppliers), mapper)}


def one(mine: FieldRules, row: Any) -> CompanyRecord:
    (record,) = mapped(mine, [row]).values()
    return record


class TestCompanies:
    """Fields of customers and suppliers."""

    MINE = rules(
        mapping={"customers": [INDUSTRY, LIMIT, FAX], "suppliers": [NACE, {**FAX, "visma": "naceCode"}]}
    )

    def test_a_mapped_value_replaces_what_is_filled_anyway(self) -> None:
        info = {"phone1": "22334455", "fax": "22 33 44 99"}
        found = one(self.MINE, customer(attributes=industry("IT"), creditLimit=25000.5, mainContact=info))
        assert found.wanted["industry"] == "COMPUTER_SOFTWARE"
        assert found.wanted["credit_limit"] == "25000.5"
        assert found.wanted["phone"] == "22 33 44 99"
        assert found.phones == ("+4722334455",), "matching goes by what Visma has, not by what is written"
        assert found.refusal is None

    def test_what_visma_lacks_says_nothing(self) -> None:
        found = one(self.MINE, customer(mainContact={"phone1": "22334455"}))
        assert dict(found.mapped) == {"industry": None, "credit_limit": None, "phone": None}
        assert found.wanted["phone"] is None

    def test_what_does_not_fit_refuses_the_record_by_the_fields_name(self) -> None:
        found = one(self.MINE, customer(attributes=industry("HEMMELIG"), creditLimit="mye"))
        assert found.refusal == (
            "attributes.INDUSTRY cannot fill industry: its value is none of those that the mapping has an option for; "
            "creditLimit cannot fill credit_limit: it is no number in plain digits"
        )
        assert "HEMMELIG" not in str(found.refusal)

    def test_an_odd_field_refuses_the_record_by_its_name(self) -> None:
        found = one(self.MINE, customer(creditLimit=[1]))
        assert "creditLimit: a value of type list" in str(found.refusal)

    def test_one_company_takes_the_customers_values_first(self) -> None:
        (both,) = mapped(
            self.MINE,
            [customer(corporateId=NUMBER, mainContact={"fax": "1"})],
            [supplier(corporateId=NUMBER, naceCode="62.010")],
        ).values()
        assert (both.wanted["phone"], both.wanted["nace"]) == ("1", "62.010")
        assert [part.fields["status"] for part in both.parts] == [None, None]

    def test_neither_part_lends_the_other_a_value_that_does_not_fit(self) -> None:
        buyer = one(self.MINE, customer(corporateId=NUMBER, creditLimit="mye"))
        (seller,) = mapped(self.MINE, (), [supplier(corporateId=NUMBER)]).values()
        assert "creditLimit" in str(merge(buyer, seller).refusal)
        nameless = replace(buyer, refusal=NAMELESS)
        assert merge(nameless, seller).refusal is None
        assert merge(nameless, replace(seller, refusal=NAMELESS)).refusal == NAMELESS

    def test_a_mapped_name_is_a_name(self) -> None:
        mine = rules(mapping={"customers": [{"visma": "mainContact.name", "hubspot": "name"}]})
        assert one(mine, customer(name=None, mainContact={"name": "Fjord"})).refusal is None
        assert one(mine, customer(name="Fjord AS")).refusal == NAMELESS

    def test_it_stores_well(self) -> None:
        for row in ([customer(attributes=industry("IT"))], [customer(corporateId=NUMBER, creditLimit="mye")]):
            for record in mapped(self.MINE, row, [supplier(corporateId=NUMBER, naceCode="1")]).values():
                assert CompanyRecord.from_row(record.to_row()) == record


class TestTake:
    """Classes and statuses of customers and suppliers."""

    @pytest.mark.parametrize(
        ("take", "row", "skip"),
        [
            ({}, customer(status="Inactive"), None),
            ({"customer_classes": ["NO"]}, customer(customerClass={"id": "NO"}), None),
            ({"customer_classes": ["no"]}, customer(customerClass={"id": "NO"}), None),
            (
                {"customer_classes": ["EU"]},
                customer(customerClass={"id": "NO"}),
                "not taken: customer class NO",
            ),
            ({"customer_classes": ["EU"]}, customer(), "not taken: no customer class"),
            ({"customer_statuses": ["Active"]}, customer(status="Active"), None),
            (
                {"customer_statuses": ["Active"]},
                customer(status="Inactive"),
                "not taken: customer status Inactive",
            ),
            (
                {"customer_classes": ["EU"], "customer_statuses": ["Active"]},
                customer(status="Active", customerClass={"id": "NO"}),
                "not taken: customer class NO",
            ),
            ({"supplier_classes": ["EU"]}, customer(), None),
        ],
    )
    def test_of_a_customer(self, take: dict[str, Any], row: Any, skip: str | None) -> None:
        assert one(rules(take=take), row).skip == skip

    def test_of_a_supplier(self) -> None:
        mine = rules(take={"supplier_statuses": ["Active"]})
        found = mapped(mine, [customer(status="OnHold")], [supplier(status="HoldPayments")])
        assert found["customer:10023"].skip is None
        assert found["supplier:50001"].skip == "not taken: supplier status HoldPayments"

    @pytest.mark.parametrize(("buys", "sells"), [("Inactive", "Active"), ("Active", "Inactive")])
    def test_who_does_not_travel_is_not_made_one_with_who_does(self, buys: str, sells: str) -> None:
        mine = rules(take={"customer_statuses": ["Active"], "supplier_statuses": ["Active"]})
        found = mapped(
            mine, [customer(corporateId=NUMBER, status=buys)], [supplier(corporateId=NUMBER, status=sells)]
        )
        assert {key: record.skip is None for key, record in found.items()} == {
            "customer:10023": buys == "Active",
            "supplier:50001": sells == "Active",
        }

    def test_the_class_is_remembered_by_its_id(self) -> None:
        (both,) = mapped(
            NO_RULES,
            [customer(corporateId=NUMBER, customerClass={"id": "NO", "description": "Norske"})],
            [supplier(corporateId=NUMBER)],
        ).values()
        assert classes_of(both) == {"customer_class": "NO", "supplier_class": ""}


class TestContactsAndDocuments:
    """Fields of the contact list, and of documents."""

    MINE = rules(
        mapping={
            "contacts": [
                {"visma": "title", "hubspot": "salutation"},
                {"visma": "noMarketing", "hubspot": "no_marketing", "type": "boolean"},
            ],
            "invoices": [
                {"visma": "salesPerson.description", "hubspot": "seller"},
                {"visma": "invoiceText", "hubspot": "hs_title"},
                {"visma": "startDate", "hubspot": "term_start", "type": "date"},
            ],
        }
    )

    def person(self, *rows: Any) -> ContactRecord:
        (found,) = contacts(Rows(*rows), Rows(), connection="acme", zone=OSLO, region="NO", rules=self.MINE)
        return found

    def test_of_one_mailbox_the_first_that_has_a_value_gives_it(self) -> None:
        same = {"email": "post@fjord.no"}
        found = self.person(
            contact(1, **same, title=None, noMarketing=False),
            contact(2, **same, title="Mr", noMarketing=True),
        )
        assert (found.wanted["salutation"], found.wanted["no_marketing"]) == ("Mr", "false")
        assert ContactRecord.from_row(found.to_row()) == found

    def test_what_does_not_fit_refuses_the_contact(self) -> None:
        found = self.person(contact(1, email="post@fjord.no", noMarketing="nei"))
        assert found.refusal == "noMarketing cannot fill no_marketing: it is neither true nor false"

    def document(self, **fields: Any) -> InvoiceRecord:
        return documents.mapped(mapper=replace(documents.MAPPER, rules=self.MINE), **fields)

    def test_of_a_document_in_either_currency(self) -> None:
        found = self.document(
            salesPerson={"id": "1", "description": "Kari"},
            invoiceText="Takk",
            startDate="2026-03-01T00:00:00",
        )
        assert found.properties["seller"] == "Kari"
        assert (found.properties["hs_title"], found.properties["term_start"]) == ("Takk", "2026-03-01")
        assert found.properties["visma_number"] == "100234"
        assert InvoiceRecord.from_row(found.to_row()) == found

    def test_what_does_not_fit_refuses_the_document(self) -> None:
        found = self.document(startDate="snart")
        assert str(found.refusal).startswith("startDate cannot fill term_start: it is no date")


class TestAgain:
    """Records that were refused are mapped anew by the settings of today."""

    BEFORE = rules(mapping={"customers": [INDUSTRY, LIMIT]})

    def again(self, record: CompanyRecord, **changes: Any) -> CompanyRecord:
        return Again(rules(**changes)).company(record.to_row())

    def test_a_mended_table_lets_a_record_pass(self) -> None:
        refused = one(self.BEFORE, customer(attributes=industry("FISK")))
        table = {**INDUSTRY, "values": {"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"}}
        found = self.again(refused, mapping={"customers": [table]})
        assert (found.refusal, found.wanted["industry"]) == (None, "FISHERY")
        assert "credit_limit" not in found.wanted

    def test_what_is_no_longer_mapped_is_no_longer_wanted(self) -> None:
        found = self.again(one(self.BEFORE, customer(attributes=industry("FISK"), name="Fjord")))
        assert found.refusal is None
        assert "industry" not in found.wanted
        assert found.wanted["name"] == "Fjord"

    def test_a_field_that_was_not_kept_fills_nothing(self) -> None:
        found = self.again(
            one(NO_RULES, customer(gln="735")), mapping={"customers": [{"visma": "gln", "hubspot": "gln"}]}
        )
        assert "gln" not in found.wanted

    def test_one_may_not_be_taken_any_more(self) -> None:
        (both,) = mapped(
            self.BEFORE,
            [customer(corporateId=NUMBER, creditLimit="mye", status="Active")],
            [supplier(corporateId=NUMBER, status="OnHold")],
        ).values()
        found = self.again(both, take={"supplier_statuses": ["Active"]})
        assert [part.skip for part in found.parts] == [None, "not taken: supplier status OnHold"]
        assert found.refusal is None

    def test_a_record_of_an_older_version_is_left_as_it_is(self) -> None:
        record = one(NO_RULES, customer(status="OnHold"))
        row = {
            name: value for name, value in record.to_row().items() if name not in ("fields", "mapped", "skip")
        }
        found = Again(rules(take={"customer_statuses": ["Active"]})).company(row)
        assert (found.skip, found.wanted) == (None, record.wanted)

    def test_an_unreadable_row_stays_refused(self) -> None:
        refused = one(self.BEFORE, customer(name=["x"]))
        assert self.again(refused).refusal == refused.refusal

    def test_contacts_and_documents(self) -> None:
        mine = TestContactsAndDocuments()
        person, document = (
            mine.person(contact(1, email="a@b.no", noMarketing="nei")),
            mine.document(startDate="x"),
        )
        mended = Again(NO_RULES)
        assert mended.contact(person.to_row()).refusal is None
        assert mended.invoice(document.to_row()).refusal is None
        assert Again(mine.MINE).invoice(document.to_row()) == document
        nameless = mine.person(contact(1))
        assert mended.contact(nameless.to_row()).refusal == nameless.refusal
        moneyless = mine.document(currencyId=None, startDate="x")
        assert mended.invoice(moneyless.to_row()).refusal == "it has no currency"
