"""Customers and suppliers become companies, whatever is missing in their rows, and one odd row stops no other."""

import itertools
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records.companies import CompanyMapper, companies, merge
from ml_connector.records.model import CompanyRecord
from ml_connector.settings.connection import RecordLinks
from ml_connector.visma.snapshots import Version, newest
from ml_connector_tests.records.snapshots import Rows, at, contact, customer, stored, supplier

OSLO = ZoneInfo("Europe/Oslo")
LINKS = RecordLinks(
    customer="https://visma.example/customer/{number}", supplier="https://visma.example/supplier/{number}"
)
MAPPER = CompanyMapper("acme", OSLO, "NO")
NUMBER = "912 345 678"

STREET = {
    "addressLine1": "Storgata 1",
    "addressLine2": "Inngang B",
    "addressLine3": "3. etasje",
    "postalCode": "0155",
    "city": "Oslo",
    "country": {"id": "NO", "name": "Norge"},
    "county": {"id": "03", "name": "Oslo fylke"},
}
POST_BOX = {"addressLine1": "Postboks 7", "postalCode": "5003", "city": "Bergen"}
FULL: dict[str, Any] = {
    "name": " Fjord AS ",
    "status": "Active",
    "mainAddress": STREET,
    "invoiceAddress": POST_BOX,
    "mainContact": {"contactId": 1, "email": "post@fjord.no", "web": "www.fjord.no", "phone1": "22 33 44 55"},
    "invoiceContact": {"contactId": 2, "email": "faktura@fjord.no", "phone1": "22 33 44 66"},
    "customerClass": {"id": "NO", "description": "Norske kunder"},
    "creditTerms": {"id": "30", "description": "30 dager"},
    "currencyId": "NOK",
    "corporateId": NUMBER,
    "vatRegistrationId": "NO912345678MVA",
}


def mapped(customers: Any = (), suppliers: Any = (), contacts: Any = None) -> dict[str, CompanyRecord]:
    """Return the companies of snapshots by key; no key may come twice."""
    people = None if contacts is None else Rows(*contacts)
    found = list(companies(Rows(*customers), Rows(*suppliers), MAPPER, people))
    keys = [key for record in found for key in record.keys]
    assert len(keys) == len(set(keys))
    return {record.key: record for record in found}


def one(**values: Any) -> CompanyRecord:
    return mapped([customer(**values)])["customer:10023"]


class TestMapping:
    """What a customer or supplier says about its company."""

    def test_a_full_customer(self) -> None:
        record = one(**FULL)
        assert record.properties == {
            "name": "Fjord AS",
            "domain": "fjord.no",
            "phone": "+4722334455",
            "address": "Postboks 7",
            "address2": "",
            "zip": "5003",
            "city": "Bergen",
            "state": "",
            "country": "",
            "visma_organisation_number": NUMBER,
            "visma_vat_number": "NO912345678MVA",
            "visma_credit_terms": "30 dager",
            "visma_currency": "NOK",
            "visma_last_modified": "2026-11-20T05:35:22.153Z",
            "visma_customer_id": "acme:10023",
            "visma_relationship": "customer",
            "visma_customer_status": "Active",
            "visma_customer_class": "Norske kunder",
            "visma_record_link": None,
        }
        assert record.organisation_number == "912345678"
        assert record.phones == ("+4722334455", "+4722334466")
        assert record.emails == ("post@fjord.no", "faktura@fjord.no")
        assert record.refusal is None

    def test_a_full_supplier(self) -> None:
        values = {**FULL, "supplierContact": FULL["invoiceContact"], "supplierAddress": POST_BOX}
        record = mapped(suppliers=[supplier(**values)])["supplier:50001"]
        assert record.properties["address"] == "Storgata 1"
        assert record.properties["visma_supplier_id"] == "acme:50001"
        assert record.properties["visma_relationship"] == "supplier"
        assert record.properties["visma_supplier_status"] == "Active"
        assert "visma_customer_id" not in record.properties
        assert record.emails == ("post@fjord.no", "faktura@fjord.no")

    @pytest.mark.parametrize(
        ("values", "name", "expected"),
        [
            ({"creditTerms": {"id": "30", "description": None}}, "visma_credit_terms", "30"),
            ({"creditTerms": "30 dager"}, "visma_credit_terms", None),
            ({"mainContact": {"phone1": "ring"}}, "phone", "ring"),  # what cannot be read stays as written
            ({"mainContact": {"phone1": "ring"}, "invoiceContact": {"phone1": "22334466"}}, "phone", "+4722334466"),
            ({"mainAddress": {"city": "Lund", "country": {"id": "SE"}}, "mainContact": {"phone1": "046-123 45"}},
             "phone", "+464612345"),
            ({"mainAddress": {"city": "?", "country": {"id": "??"}}, "mainContact": {"phone1": "22334455"}},
             "phone", "+4722334455"),
            ({"mainContact": {"email": "a@gmail.com"}}, "domain", None),
            ({"invoiceContact": {"email": "x@fjord.no"}}, "domain", "fjord.no"),
            ({"name": "Blåbær 🫐 <b>&amp;</b>\u0000 'AS'"}, "name", "Blåbær 🫐 <b>&amp;</b> 'AS'"),
            ({"name": "x" * 70_000}, "name", "x" * 70_000),  # HubSpot says what is too long
        ],
    )  # fmt: skip
    def test_single_values(self, values: Mapping[str, Any], name: str, expected: str | None) -> None:
        assert one(**values).properties[name] == expected

    @pytest.mark.parametrize(
        ("number", "link"),
        [
            ("10023", "https://visma.example/customer/10023"),
            ("A/1 ?#ø", "https://visma.example/customer/A%2F1%20%3F%23%C3%B8"),
        ],
    )
    def test_record_link(self, number: str, link: str) -> None:
        mapper = CompanyMapper("acme", OSLO, "NO", LINKS)
        (record,) = companies(Rows(customer(number)), Rows(), mapper)
        assert record.properties["visma_record_link"] == link

    @pytest.mark.parametrize(
        "number", ["10:23", "a b", "o'hara", 'q"q', "Å/Ø", "x>y", "🫐", "00012", "a;b,c"]
    )
    def test_odd_numbers_keep_their_characters(self, number: str) -> None:
        record = mapped([customer(number)])[f"customer:{number}"]
        assert record.properties["visma_customer_id"] == f"acme:{number}"
        assert CompanyRecord.from_row(record.to_row()) == record

    def test_blanks_around_a_number_are_no_part_of_it(self) -> None:
        assert list(mapped([customer(" 10023  ")])) == ["customer:10023"]

    def test_people_lend_their_addresses_for_recognition_only(self) -> None:
        people = [
            contact(1, email="Kari@Fjord.no", businessAccount="10023 ", businessAccountType="Customer"),
            contact(2, email="left@fjord.no", businessAccount="10023", active=False),
            contact(3, email="nobody", businessAccount="10023"),
            contact(4, email="lars@lev.no", businessAccount="50001", businessAccountType="Vendor"),
            contact(5, email=["x"], businessAccount={"x": 1}),
        ]
        found = mapped([customer()], [supplier()], people)
        assert found["customer:10023"].emails == ("kari@fjord.no",)
        assert found["supplier:50001"].emails == ("lars@lev.no",)
        assert found["customer:10023"].properties["domain"] is None


class TestAddress:
    """An address travels as one thing."""

    @pytest.mark.parametrize(
        ("values", "street", "city"),
        [
            ({"invoiceAddress": POST_BOX, "mainAddress": STREET}, "Postboks 7", "Bergen"),
            ({"invoiceAddress": None, "mainAddress": STREET}, "Storgata 1", "Oslo"),
            # A country alone says nothing about where.
            ({"invoiceAddress": {"country": {"id": "NO"}}, "mainAddress": STREET}, "Storgata 1", "Oslo"),
            ({"invoiceAddress": {"city": " "}, "mainAddress": STREET}, "Storgata 1", "Oslo"),
            ({"mainAddress": {"city": "Voss"}}, "", "Voss"),
            ({"mainAddress": {"addressLine1": None, "city": None}}, None, None),
            ({"mainAddress": None}, None, None),
            ({"mainAddress": "Storgata 1"}, None, None),
            ({"mainAddress": []}, None, None),
            ({}, None, None),
        ],
    )
    def test_the_billing_address_or_the_main_one_never_a_mixture(
        self, values: Mapping[str, Any], street: str | None, city: str | None
    ) -> None:
        properties = one(**values).properties
        assert (properties["address"], properties["city"]) == (street, city)
        parts = [properties[name] for name in ("address", "address2", "zip", "city", "state", "country")]
        # With an address every part is said, be it empty; without one nothing is.
        assert len({part is None for part in parts}) == 1

    def test_further_lines_and_names(self) -> None:
        properties = one(mainAddress=STREET).properties
        assert properties["address2"] == "Inngang B, 3. etasje"
        assert (properties["state"], properties["country"]) == ("Oslo fylke", "Norge")


class TestOddRows:
    """Nothing in one row may stop the window."""

    @pytest.mark.parametrize("kind", ["customer", "supplier"])
    @pytest.mark.parametrize("absent", [None, "missing"])
    def test_every_mix_of_nulls_maps(self, kind: str, absent: str | None) -> None:
        fields = (
            "mainAddress",
            "invoiceAddress",
            "mainContact",
            "invoiceContact",
            "creditTerms",
            "corporateId",
        )
        make = {"customer": customer, "supplier": supplier}[kind]
        rows = []
        for number, kept in enumerate(itertools.product((True, False), repeat=len(fields))):
            values = {name: FULL[name] if keep else None for name, keep in zip(fields, kept, strict=True)}
            values["corporateId"] = f"9{number:08d}" if kept[-1] else None
            if absent:
                values = {name: value for name, value in values.items() if value is not None}
            rows.append(make(f"{number}", **values))
        found = mapped(rows) if kind == "customer" else mapped(suppliers=rows)
        assert len(found) == 64
        assert not any(record.refusal for record in found.values())

    @pytest.mark.parametrize("field", ["name", "status", "currencyId", "corporateId", "vatRegistrationId"])
    @pytest.mark.parametrize("value", [["x"], {"value": "secret"}, True])
    def test_a_value_of_an_odd_type_is_refused_by_name(self, field: str, value: Any) -> None:
        found = mapped([customer("1"), customer("2", **{field: value}), customer("3")])
        assert [key for key, record in found.items() if record.refusal] == ["customer:2"]
        refusal = str(found["customer:2"].refusal)
        assert "cannot be read" in refusal
        assert "secret" not in refusal
        assert found["customer:3"].properties["name"] == "Kunde 3"

    @pytest.mark.parametrize("row", ["[]", '"text"', "7", "null"])
    def test_a_row_that_is_no_object(self, row: str) -> None:
        found = mapped([customer("1"), stored("2", row)], [stored("9", row)])
        assert found["customer:1"].refusal is None
        assert found["customer:2"].refusal is not None
        assert found["supplier:9"].refusal is not None

    def test_a_row_without_its_number_goes_by_the_key_it_is_stored_under(self) -> None:
        found = mapped([stored("10023", {"name": "Fjord AS"})])
        assert found["customer:10023"].properties["visma_customer_id"] == "acme:10023"

    def test_a_row_with_neither_name_nor_domain_is_refused(self) -> None:
        assert "neither a name nor a web domain" in str(one(name=None).refusal)
        assert one(name=None, mainContact={"web": "fjord.no"}).refusal is None

    @pytest.mark.parametrize("stamp", [None, "", "yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59"])
    def test_a_stamp_that_is_none(self, stamp: str | None) -> None:
        record = mapped([at(customer(), stamp)])["customer:10023"]
        assert (record.stamp, record.properties["visma_last_modified"]) == ("", None)

    json = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(sorted(FULL)), inner, max_size=3)
        ),
        max_leaves=6,
    )

    @given(st.dictionaries(st.sampled_from([*FULL, "number"]), json))
    def test_whatever_is_in_a_row_one_record_comes_of_it(self, values: dict[str, Any]) -> None:
        found = mapped([stored("1", values)], [stored("1", values)])
        assert {key for record in found.values() for key in record.keys} == {"customer:1", "supplier:1"}
        for record in found.values():
            assert CompanyRecord.from_row(record.to_row()) == record


class TestMerging:
    """A customer and a supplier with one organisation number."""

    def test_one_of_each_is_one_company(self) -> None:
        found = mapped(
            [customer("1", corporateId=NUMBER, name="Fjord AS")],
            [
                at(
                    supplier("2", corporateId="NO912345678MVA", status="OnHold"),
                    "2026-11-21T00:00:00",
                    "2026-11-21",
                )
            ],
        )
        (record,) = found.values()
        assert record.keys == ("customer:1", "supplier:2")
        assert record.properties["name"] == "Fjord AS"
        assert record.properties["visma_relationship"] == "customer;supplier"
        assert record.properties["visma_customer_id"] == "acme:1"
        assert record.properties["visma_supplier_id"] == "acme:2"
        assert record.properties["visma_supplier_status"] == "OnHold"
        # The later of the two says when it was changed last and where it belongs.
        assert (record.stamp, record.partition) == ("2026-11-21T00:00:00", "2026-11-21")
        assert record.properties["visma_last_modified"] == "2026-11-20T23:00:00.000Z"
        assert [part.keys for part in record.parts] == [("customer:1",), ("supplier:2",)]
        assert CompanyRecord.from_row(record.to_row()) == record

    def test_the_supplier_fills_what_the_customer_leaves_open_but_no_part_of_its_address(self) -> None:
        ours = {"corporateId": NUMBER, "mainAddress": {"city": "Voss"}, "currencyId": None}
        theirs = {"corporateId": NUMBER, "mainAddress": STREET, "currencyId": "SEK"}
        (record,) = mapped([customer("1", **ours)], [supplier("2", **theirs)]).values()
        assert record.properties["visma_currency"] == "SEK"
        assert (record.properties["city"], record.properties["address"]) == ("Voss", "")
        without = ours | {"mainAddress": None}
        (record,) = mapped([customer("1", **without)], [supplier("2", **theirs)]).values()
        assert (record.properties["city"], record.properties["address"]) == ("Oslo", "Storgata 1")

    @pytest.mark.parametrize(
        ("customers", "suppliers", "merged"),
        [
            (1, 1, True),
            (2, 1, False),  # which of the two would it be?
            (1, 2, False),
            (2, 2, False),
            (0, 2, False),
            (2, 0, False),
        ],
    )
    def test_several_of_a_kind_stay_apart(self, customers: int, suppliers: int, merged: bool) -> None:
        found = mapped(
            [customer(f"{place}", corporateId=NUMBER) for place in range(customers)],
            [supplier(f"{place}", corporateId=NUMBER) for place in range(suppliers)],
        )
        assert len(found) == (1 if merged else customers + suppliers)

    @pytest.mark.parametrize("number", [None, "", "1234", "000000000", "999999999", "123456789"])
    def test_what_identifies_nobody_merges_nobody(self, number: str | None) -> None:
        assert len(mapped([customer("1", corporateId=number)], [supplier("2", corporateId=number)])) == 2

    @pytest.mark.parametrize(("other", "many"), [("FI", 2), ("dk ", 1), (None, 1)])
    def test_one_number_of_two_countries_is_two_companies(self, other: str | None, many: int) -> None:
        seller = supplier("2", corporateId="1234567-1", mainAddress={"country": {"id": other}})
        # Where its invoices go says nothing about where a customer is.
        buyer = customer(
            "1",
            corporateId="DK 12 34 56 71",
            mainAddress={"country": {"id": "DK"}},
            invoiceAddress={"city": "Oslo", "country": {"id": "NO"}},
        )
        assert len(mapped([buyer], [seller])) == many

    def test_across_windows_of_one_run(self) -> None:
        early = at(customer("1", corporateId=NUMBER), "2026-11-18T10:00:00", "2026-11-18")
        late = at(supplier("2", corporateId=NUMBER), "2026-11-20T10:00:00", "2026-11-20")
        (record,) = mapped([early], [late]).values()
        assert record.partition == "2026-11-20"

    def test_the_newest_version_decides_with_whom(self) -> None:
        old = at(customer("1", corporateId=NUMBER), "2026-11-18T10:00:00", "2026-11-18")
        new = at(customer("1", corporateId="987 654 325"), "2026-11-20T10:00:00", "2026-11-20")
        found = mapped([old, new], [supplier("2", corporateId=NUMBER)])
        assert set(found) == {"customer:1", "supplier:2"}
        assert found["customer:1"].organisation_number == "987654325"

    def test_a_refused_part_lends_its_keys_only(self) -> None:
        nameless = supplier("2", corporateId=NUMBER, name=None)
        (record,) = mapped([customer("1", corporateId=NUMBER)], [nameless]).values()
        assert record.refusal is None
        nobody = merge(
            MAPPER.customer(_version("1", {"corporateId": NUMBER})),
            MAPPER.supplier(_version("2", {"corporateId": NUMBER})),
        )
        assert nobody.refusal is not None


def _version(key: str, values: dict[str, Any]) -> Version:
    return next(newest(Rows(stored(key, values))))
