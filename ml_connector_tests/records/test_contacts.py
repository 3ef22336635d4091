"""Visma's contacts become HubSpot contacts: one per address, and one per person without an address."""

import gc
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records.contacts import Mention, contacts
from ml_connector.records.model import ContactRecord
from ml_connector_tests.records.snapshots import Rows, at, contact, customer, stored

KARI = {
    "email": "Kari@Fjord.no",
    "firstName": "Kari",
    "lastName": "Nordmann",
    "position": "Innkjøper",
    "phone1": "900 00 001",
    "active": True,
    "businessAccount": "10023",
    "businessAccountType": "Customer",
}

MAIN = {"contactId": 600_001, "email": "post@fjord.no", "attention": "Ola Lie", "phone1": "22334455"}
INVOICE = {"contactId": 600_002, "email": "faktura@fjord.no"}


def mapped(people: Any = (), customers: Any = ()) -> list[ContactRecord]:
    """Return the contacts of snapshots; neither an id nor an address may come twice."""
    found = list(
        contacts(
            Rows(*people), Rows(*customers), connection="acme", zone=ZoneInfo("Europe/Oslo"), region="NO"
        )
    )
    ids = [number for record in found for number in record.contact_ids]
    assert len(ids) == len(set(ids))
    addresses = [record.email for record in found if record.email]
    assert len(addresses) == len(set(addresses))
    return found


def one(**values: Any) -> ContactRecord:
    (record,) = mapped([contact(**values)])
    return record


class TestOnePerson:
    """A row of the contact list."""

    def test_a_full_row(self) -> None:
        record = one(**KARI)
        assert record.properties == {
            "visma_contact_id": "acme:4711",
            "email": "kari@fjord.no",
            "firstname": "Kari",
            "lastname": "Nordmann",
            "jobtitle": "Innkjøper",
            "phone": "+4790000001",
            "visma_contact_status": "active",
            "visma_last_modified": "2026-11-20T05:35:22.153Z",
        }
        assert (record.key, record.companies, record.refusal) == ("contact:4711", ("customer:10023",), None)
        assert ContactRecord.from_row(record.to_row()) == record

    @pytest.mark.parametrize(
        ("values", "name", "expected"),
        [
            ({"lastName": None, "displayName": "Lie, Ola"}, "lastname", "Lie, Ola"),
            ({"lastName": "Lie", "displayName": "Lie, Ola"}, "lastname", "Lie"),
            ({"phone1": "?", "phone2": "22334455"}, "phone", "+4722334455"),
            ({"phone1": "?", "phone2": None}, "phone", "?"),
            ({"phone1": "08-123 456 78", "address": {"country": {"id": "SE"}}}, "phone", "+46812345678"),
            ({"active": False}, "visma_contact_status", "inactive"),
            ({"active": None}, "visma_contact_status", "active"),
        ],
    )
    def test_single_values(self, values: dict[str, Any], name: str, expected: str) -> None:
        assert one(**{"email": "a@b.no", **values}).properties[name] == expected

    @pytest.mark.parametrize(
        ("account", "kind", "companies"),
        [
            ("10023", "Customer", ("customer:10023",)),
            ("10023", None, ("customer:10023",)),
            ("50001", "Vendor", ("supplier:50001",)),
            ("50001", "Supplier", ("supplier:50001",)),
            ("10023", "Customer & Supplier", ("customer:10023",)),  # found under its customer number
            (" 10023 ", "Customer", ("customer:10023",)),
            (10023, "Customer", ("customer:10023",)),
            (None, "Customer", ()),
            ("", None, ()),
            ({"number": "1"}, None, ()),
        ],
    )
    def test_company(self, account: Any, kind: str | None, companies: tuple[str, ...]) -> None:
        assert one(email="a@b.no", businessAccount=account, businessAccountType=kind).companies == companies

    @pytest.mark.parametrize(
        ("values", "refusal"),
        [
            ({"lastName": "Lie"}, None),  # a name is enough
            ({"email": "a@b.no"}, None),
            ({"email": "lie(at)b.no", "lastName": "Lie"}, "not one HubSpot accepts"),
            ({"email": "a@b.no; c@d.no"}, "not one HubSpot accepts"),
            ({}, "neither an e-mail address nor a name"),
            ({"email": " ", "lastName": ""}, "neither an e-mail address nor a name"),
            ({"lastName": ["secret"]}, "cannot be read"),
            ({"email": {"x": "secret"}}, "cannot be read"),
        ],
    )
    def test_refusals_name_the_cause_and_nothing_of_the_person(
        self, values: dict[str, Any], refusal: str | None
    ) -> None:
        found = one(**values).refusal
        assert found is None if refusal is None else refusal in str(found)
        assert not any(word in str(found) for word in ("Lie", "b.no", "secret"))

    def test_an_odd_row_stops_no_other(self) -> None:
        found = mapped([stored("1", "[]"), contact(2, **KARI)], [stored("10023", "7")])
        assert {record.key: record.refusal is None for record in found} == {
            "contact:1": False,
            "contact:2": True,
        }


class TestCustomersContacts:
    """A customer's main and invoice contacts."""

    def test_both_become_contacts_of_the_customer(self) -> None:
        main, invoice = mapped(customers=[customer(mainContact=MAIN, invoiceContact=INVOICE)])
        assert (main.key, main.email, main.companies) == (
            "contact:600001",
            "post@fjord.no",
            ("customer:10023",),
        )
        assert (main.properties["firstname"], main.properties["lastname"]) == ("Ola", "Lie")
        assert (invoice.key, invoice.properties["lastname"]) == ("contact:600002", None)

    @pytest.mark.parametrize(
        "info",
        [
            None,
            "post@fjord.no",
            [],
            {},
            {"contactId": 1},  # nobody's address
            {"contactId": 1, "email": "  "},
        ],
    )
    def test_what_names_nobody_makes_nobody(self, info: Any) -> None:
        assert mapped(customers=[customer(mainContact=info)]) == []

    @pytest.mark.parametrize("info", [{}, {"contactId": None}, {"contactId": [1]}, {"contactId": 0}])
    def test_an_address_without_an_id_is_known_by_its_customer(self, info: dict[str, Any]) -> None:
        """Zero is .NET's word for none: all customers with it would share a person and lose their addresses."""
        rows = [customer(one, mainContact=info | {"email": f"post@fjord{one}.no"}) for one in ("1", "2")]
        assert [(record.key, record.email) for record in mapped(customers=rows)] == [
            ("contact:customer-1-mainContact", "post@fjord1.no"),
            ("contact:customer-2-mainContact", "post@fjord2.no"),
        ]

    def test_an_invalid_address_is_refused_under_its_id(self) -> None:
        (record,) = mapped(customers=[customer(mainContact=MAIN | {"email": "post(at)fjord.no"})])
        assert (record.key, record.refusal is None) == ("contact:600001", False)

    def test_an_odd_value_is_refused_under_its_id_and_leaves_the_other(self) -> None:
        odd = MAIN | {"attention": ["Ola"]}
        found = mapped(customers=[customer(mainContact=odd, invoiceContact=INVOICE)])
        assert {record.key: record.refusal is None for record in found} == {
            "contact:600001": False,
            "contact:600002": True,
        }

    def test_a_phone_is_read_in_the_country_of_its_address(self) -> None:
        values: dict[str, Any] = {
            "mainContact": MAIN | {"phone1": "08-123 456 78"},
            "mainAddress": {"country": {"id": "SE"}},
            "invoiceContact": INVOICE | {"phone1": "12 34 56 78"},
            "invoiceAddress": {"country": {"id": "DK"}},
        }
        found = mapped(customers=[customer(**values)])
        assert [record.properties["phone"] for record in found] == ["+46812345678", "+4512345678"]


class TestTogether:
    """One contact per address, one group per id."""

    def test_a_mailbox_of_several_companies_is_one_contact_of_each(self) -> None:
        shared = {"email": "faktura@bok.no"}
        (record,) = mapped(
            [contact(1, **shared, lastName="Bok", businessAccount="10")],
            [
                customer("20", mainContact={"contactId": 2, **shared, "phone1": "22334455"}),
                customer("30", invoiceContact={"contactId": 3, "email": "FAKTURA@bok.no"}),
            ],
        )
        assert record.contact_ids == ("1", "2", "3")
        assert record.companies == ("customer:10", "customer:20", "customer:30")
        assert record.properties["visma_contact_id"] == "acme:1"
        # The first mention that has a value gives it.
        assert (record.properties["lastname"], record.properties["phone"]) == ("Bok", "+4722334455")

    def test_the_same_id_is_the_same_contact(self) -> None:
        (record,) = mapped(
            [contact(7, lastName="Lie", businessAccount="10")],
            [customer("20", mainContact={"contactId": 7, "email": "lie@fjord.no"})],
        )
        assert (record.contact_ids, record.email) == (("7",), "lie@fjord.no")
        assert record.companies == ("customer:10", "customer:20")

    def test_an_id_without_address_in_one_place_joins_those_of_its_address(self) -> None:
        """Without this, two records with one address would go out, and HubSpot refuses the second."""
        (record,) = mapped(
            [contact(1, lastName="Lie"), contact(2, email="lie@fjord.no")],
            [customer("20", mainContact={"contactId": 1, "email": "lie@fjord.no"})],
        )
        assert record.contact_ids == ("1", "2")

    def test_an_old_address_of_an_id_does_not_swallow_its_new_owner(self) -> None:
        found = mapped(
            [contact(1, email="kari@ny.no"), contact(2, email="kari@gammel.no")],
            [customer("20", mainContact={"contactId": 1, "email": "kari@gammel.no"})],
        )
        owners = {record.contact_ids: record.email for record in found}
        assert owners == {("1",): "kari@ny.no", ("2",): "kari@gammel.no"}

    def test_a_row_that_cannot_be_read_takes_nobody_of_its_address_with_it(self) -> None:
        odd = {"contactId": 1, "email": "post@fjord.no", "attention": ["Ola"]}
        found = mapped(
            [contact(1, email="post@fjord.no"), contact(2, email="post@fjord.no")],
            [customer("20", mainContact=odd)],
        )
        refusals = {record.contact_ids: record.refusal is not None for record in found}
        assert refusals == {("1",): True, ("2",): False}

    def test_only_contacts_that_are_not_complete_are_in_memory(self) -> None:
        shared = {"contactId": 1, "email": "post@fjord.no"}
        alone = [{"contactId": number, "email": f"post@fjord{number}.no"} for number in range(2, 300)]
        rows = [customer(str(place), mainContact=main) for place, main in enumerate([shared, *alone, shared])]
        found = contacts(Rows(), Rows(*rows), connection="acme", zone=ZoneInfo("Europe/Oslo"), region="NO")
        for _ in alone[:150]:
            next(found)
        assert sum(isinstance(thing, Mention) for thing in gc.get_objects()) < 10

    def test_who_has_left_lends_no_name(self) -> None:
        (record,) = mapped(
            [
                contact(1, email="post@fjord.no", lastName="Sluttet", active=False),
                contact(2, email="post@fjord.no", lastName="Ansatt"),
            ]
        )
        assert (record.active, record.properties["lastname"], record.key) == (True, "Ansatt", "contact:2")
        assert record.properties["visma_contact_status"] == "active"

    def test_stamp_and_window_are_those_of_the_naming_row(self) -> None:
        (record,) = mapped(
            [at(contact(1, email="post@fjord.no"), "2026-11-18T10:00:00", "2026-11-18")],
            [
                at(
                    customer(mainContact={"contactId": 2, "email": "post@fjord.no"}),
                    "2026-11-20T10:00:00",
                    "2026-11-20",
                )
            ],
        )
        assert (record.stamp, record.partition) == ("2026-11-18T10:00:00", "2026-11-18")

    mention = st.tuples(st.integers(1, 5), st.sampled_from([None, "a@x.no", "b@x.no", "c@x.no", "bad"]))

    @given(st.lists(mention, max_size=8), st.lists(mention, max_size=8))
    def test_every_id_and_every_address_once(self, listed: Any, named: Any) -> None:
        people = {number: contact(number, email=address, lastName="Lie") for number, address in listed}
        customers = [
            customer(str(place), mainContact={"contactId": number, "email": address})
            for place, (number, address) in enumerate(named)
        ]
        found = mapped(people.values(), customers)
        expected = {str(number) for number, _ in listed} | {
            str(number) for number, address in named if address
        }
        assert {number for record in found for number in record.contact_ids} == expected
