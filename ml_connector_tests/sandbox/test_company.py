"""The believable company: deterministic, valid, and untidy in the ways real master data is."""

import re
from collections import Counter

import phonenumbers
import pytest

from ml_connector.sandbox import identifiers
from ml_connector.sandbox.company import Company, ascii_slug
from ml_connector.sandbox.names import BOOKKEEPERS, FREE_MAIL_HOSTS
from ml_connector.sandbox.portal_seed import ORGANISATION_NUMBER_PROPERTY, Clue, PortalRecord, portal_records
from ml_connector.sandbox.visma.partners import contact_row, customer_row, supplier_row

COMPANY = Company(seed=7, customers=600, suppliers=200, contacts_per_customer=1.6)
ENTITIES = [COMPANY.entity(index) for index in range(800)]


def test_the_same_seed_gives_the_same_company_in_any_order() -> None:
    again = Company(seed=7, customers=600, suppliers=200, contacts_per_customer=1.6)
    assert [again.entity(index) for index in reversed(range(800))] == ENTITIES[::-1]
    assert customer_row(again, 500) == customer_row(COMPANY, 500)
    assert contact_row(again, 77, 1) == contact_row(COMPANY, 77, 1)


def test_another_seed_gives_another_company() -> None:
    other = Company(seed=8, customers=600, suppliers=200, contacts_per_customer=1.6)
    assert sum(other.entity(index) == ENTITIES[index] for index in range(100)) == 0


def test_a_row_does_not_depend_on_how_many_there_are() -> None:
    larger = Company(seed=7, customers=5000, suppliers=200, contacts_per_customer=1.6)
    assert customer_row(larger, 42) == customer_row(COMPANY, 42)


@pytest.mark.parametrize(
    ("check", "base", "digit"),
    [
        (identifiers.norway_check_digit, "97476067", 3),
        (identifiers.norway_check_digit, "97476007", None),
        (identifiers.luhn_digit, "556036079", 3),
        (identifiers.denmark_check_digit, "1358562", 8),
        (identifiers.finland_check_digit, "0112038", 9),
        (identifiers.germany_check_digit, "13669597", 6),
    ],
)
def test_check_digits_follow_the_national_rules(check: object, base: str, digit: int | None) -> None:
    assert callable(check)
    assert check(base) == digit


def test_organisation_numbers_have_the_national_shape_and_are_distinct() -> None:
    shapes = {
        "NO": r"[89]\d{8}",
        "SE": r"556\d{3}-\d{4}",
        "DK": r"\d{8}",
        "FI": r"\d{7}-\d",
        "DE": r"HRB \d+",
    }
    numbered = [entity for entity in ENTITIES if entity.numbers]
    for entity in numbered:
        assert entity.numbers
        assert re.fullmatch(shapes[entity.country.code], entity.numbers.organisation)
    assert len({entity.numbers.organisation for entity in numbered if entity.numbers}) == len(numbered)
    assert {entity.country.code for entity in numbered} == set(shapes)
    assert len(numbered) < len(ENTITIES)


@pytest.mark.parametrize("country", ["NO", "SE", "DK", "FI", "DE"])
def test_serials_far_apart_still_get_their_own_numbers(country: str) -> None:
    serials = range(0, 249_999, 97)
    assert len({identifiers.identifiers(country, serial) for serial in serials}) == len(serials)


def test_unknown_country_has_no_numbers() -> None:
    with pytest.raises(ValueError, match="XX"):
        identifiers.identifiers("XX", 1)


def test_phones_are_real_in_their_country_and_typed_in_many_ways() -> None:
    phones = [entity.phone for entity in ENTITIES if entity.phone]
    valid = [phonenumbers.is_valid_number(phonenumbers.parse(phone.e164)) for phone in phones]
    assert sum(valid) / len(valid) > 0.98
    for phone in phones[:100]:
        for style in range(8):
            written = phone.written(style)
            parsed = phonenumbers.parse(written, phone.country.code)
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == phone.e164, (
                written
            )
    assert any("(0)" in phone.written(6) for phone in phones if phone.country.code == "SE")
    assert len({phones[0].written(style) for style in range(8)}) >= 5


def test_names_carry_nordic_letters_and_seldom_repeat() -> None:
    names = Counter(entity.name for entity in ENTITIES)
    assert sum(count - 1 for count in names.values()) < 8
    assert {"æ", "ø", "å"} <= set("".join(names).lower())


def test_mailboxes_are_own_shared_free_or_missing() -> None:
    hosts = Counter(entity.mailbox.split("@")[1] if entity.mailbox else None for entity in ENTITIES)
    assert hosts[None] > 0
    assert any(hosts[host] for host in FREE_MAIL_HOSTS)
    assert any(hosts[host] > 1 for host in BOOKKEEPERS)
    assert all(
        entity.domain is None for entity in ENTITIES if (entity.mailbox or "").endswith(FREE_MAIL_HOSTS)
    )


def test_some_customers_share_one_organisation_number() -> None:
    rows = [customer_row(COMPANY, index) for index in range(600)]
    digits = Counter(re.sub(r"\D", "", row["corporateId"]) for row in rows if row.get("corporateId"))
    shared = [number for number, count in digits.items() if count > 1]
    assert len(shared) > 10
    assert any(row.get("parentRecord") for row in rows)


def test_some_suppliers_are_customers_too() -> None:
    customers = {COMPANY.customer_entity(index) for index in range(600)}
    both = [index for index in range(200) if COMPANY.supplier_entity(index) in customers]
    assert len(both) == 50
    entity = COMPANY.entity(COMPANY.supplier_entity(both[0]))
    written = supplier_row(COMPANY, both[0]).get("corporateId") or ""
    assert entity.numbers is None or re.sub(r"\D", "", entity.numbers.organisation) in re.sub(
        r"\D", "", written
    )


def test_numbers_are_distinct_and_not_all_plain_digits() -> None:
    numbers = [COMPANY.customer_number(index) for index in range(600)]
    assert len(set(numbers)) == 600
    assert any("/" in number for number in numbers)
    assert any(number.startswith("00") for number in numbers)


def test_contacts_belong_to_customers_suppliers_or_nobody() -> None:
    rows = [contact_row(COMPANY, index, index) for index in range(COMPANY.contacts)]
    kinds = Counter(row.get("businessAccountType") for row in rows)
    assert set(kinds) == {"Customer", "Vendor", None}
    emails = Counter(row.get("email") for row in rows)
    assert emails[None] > 0
    assert any(count > 1 for email, count in emails.items() if email)
    assert any(email and not re.fullmatch(r"[^@\s]+@[^@\s;]+\.[^@\s;]+", email) for email in emails)
    assert any(not row["active"] for row in rows)
    assert abs(COMPANY.contacts / (600 * 1.6 + 200 * 0.8) - 1) < 0.15


def test_a_company_of_nobody_has_no_contacts() -> None:
    assert Company(seed=1, customers=0, suppliers=0, contacts_per_customer=2).contacts == 0


def test_slugs_are_plain_ascii() -> None:
    assert ascii_slug("Ørnær & Ås Möbel Straße") == "ornaer-as-mobel-strasse"


def by_clue(records: list[PortalRecord]) -> dict[Clue, list[PortalRecord]]:
    return {clue: [record for record in records if record.clue is clue] for clue in Clue}


def test_portal_records_match_their_customer_by_the_clue_they_name() -> None:
    found = by_clue(portal_records(COMPANY))
    for record in found[Clue.ORGANISATION_NUMBER]:
        assert record.customer is not None
        numbers = COMPANY.entity(COMPANY.customer_entity(record.customer)).numbers
        assert numbers
        assert record.properties[ORGANISATION_NUMBER_PROPERTY] == numbers.organisation
    for record in found[Clue.DOMAIN] + found[Clue.TWO_OF_ONE_DOMAIN]:
        assert record.customer is not None
        assert record.properties["domain"] == COMPANY.entity(COMPANY.customer_entity(record.customer)).domain
    for record in found[Clue.PHONE]:
        assert record.customer is not None
        entity = COMPANY.entity(COMPANY.customer_entity(record.customer))
        parsed = phonenumbers.parse(record.properties["phone"], entity.country.code)
        assert entity.phone
        assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == entity.phone.e164
    assert all(found[clue] for clue in Clue)


def test_portal_contacts_come_after_their_company_with_a_contacts_address() -> None:
    records = portal_records(COMPANY)
    contacts = [(place, record) for place, record in enumerate(records) if record.object_type == "contacts"]
    for place, record in contacts:
        assert record.company is not None
        assert record.company < place
        assert records[record.company].object_type == "companies"
    known = {(contact_row(COMPANY, index, 1).get("email") or "").lower() for index in range(COMPANY.contacts)}
    matching = [record.properties["email"] in known for _, record in contacts if record.customer is not None]
    assert any(matching)


def test_strangers_share_no_domain_with_a_customer() -> None:
    domains = {entity.domain for entity in ENTITIES}
    strangers = [r for r in by_clue(portal_records(COMPANY))[Clue.NONE] if r.object_type == "companies"]
    assert strangers
    assert not any(record.properties["domain"] in domains for record in strangers)
