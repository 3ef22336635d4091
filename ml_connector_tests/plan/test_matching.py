"""Which company a record may adopt the first time: the order of the rules, one hit or many, and who is free."""

from typing import Any

import pytest

from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.plan.matching import CompanyIndex, Match, is_anothers, is_free, keys_of
from ml_connector.records.model import CompanyRecord
from ml_connector.settings.matching import CompanyRule, CompanyStep, MatchingSettings

RULES = tuple(step.rule for step in MatchingSettings().companies)
NUMBER, EMAIL, DOMAIN, PHONE, NAME = (
    CompanyRule.ORGANISATION_NUMBER,
    CompanyRule.EMAIL,
    CompanyRule.DOMAIN,
    CompanyRule.PHONE,
    CompanyRule.NAME,
)


def record(**changes: Any) -> CompanyRecord:
    """Return customer 1 with something to match by for each rule."""
    values: dict[str, Any] = {
        "customer_number": "1",
        "supplier_number": None,
        "stamp": "",
        "partition": "2026-11-20",
        "properties": {"visma_customer_id": "acme:1", "name": "Fjord AS"},
        "organisation_number": "912345678",
        "domain": "fjord.no",
        "phones": ("+4722334455",),
        "emails": ("post@fjord.no",),
    }
    return CompanyRecord(**{**values, **changes})


def supplier(**changes: Any) -> CompanyRecord:
    return record(
        customer_number=None,
        supplier_number="9",
        properties={"visma_supplier_id": "acme:9", "name": "Fjord AS"},
        **changes,
    )


Portal = tuple[tuple[dict[str, str], ...], Any]


def index(*companies: dict[str, str], contacts: Any = ()) -> Portal:
    """Return companies with ids from 1, and contacts as (properties, ids of companies)."""
    return companies, contacts


def steps(*rules: Any) -> tuple[CompanyStep, ...]:
    """Return steps of bare names and of settings as in YAML."""
    return MatchingSettings.model_validate({"companies": rules}).companies


def match_company(mine: CompanyRecord, portal: Portal, rules: Any) -> Match:
    """Match a record by some rules."""
    companies, contacts = portal
    made = CompanyIndex(steps(*rules), ("visma_organisation_number", "orgnr"), "NO")
    for place, properties in enumerate(companies, 1):
        made.add_company(HubSpotRecord(str(place), dict(properties)))
    for place, (properties, belongs) in enumerate(contacts, 1):
        made.add_contact(HubSpotRecord(str(place), properties, {"companies": belongs}))
    return made.match(mine)


class TestOrder:
    """The record's own id, then the rules one after the other."""

    @pytest.mark.parametrize(
        ("properties", "rule"),
        [
            ({"orgnr": "NO 912 345 678 MVA"}, NUMBER),
            ({"visma_organisation_number": "912345678"}, NUMBER),
            ({"domain": "www.fjord.no"}, DOMAIN),
            ({"domain": "https://fjord.no/"}, DOMAIN),
            ({"website": "https://www.fjord.no/om-oss"}, DOMAIN),
            ({"hs_additional_domains": "annet.no;fjord.no"}, DOMAIN),
            ({"phone": "22 33 44 55"}, PHONE),
            ({"phone": "0047 22334455"}, PHONE),
            ({"name": "FJORD  as"}, NAME),
            ({"domain": "fjord.com"}, None),
            ({"orgnr": "912345679"}, None),
        ],
    )
    def test_each_rule_finds(self, properties: dict[str, str], rule: CompanyRule | None) -> None:
        found = match_company(record(), index(properties), (*RULES, NAME))
        assert found == (Match(("1",), str(rule)) if rule else Match())

    def test_by_a_contacts_addresses(self) -> None:
        for properties in (
            {"email": "post@fjord.no"},
            {"email": "x@y.no", "hs_additional_emails": "a@b.no;post@fjord.no"},
        ):
            found = match_company(record(), index({"name": "x"}, contacts=[(properties, ("1",))]), RULES)
            assert found == Match(("1",), "email")

    def test_a_company_that_only_a_contact_names_is_left_out_unless_it_is_known(self) -> None:
        assert (
            match_company(record(), index(contacts=[({"email": "post@fjord.no"}, ("7",))]), RULES) == Match()
        )

    def test_the_first_rule_with_a_hit_decides(self) -> None:
        portal = index({"phone": "22334455"}, {"domain": "fjord.no"}, {"orgnr": "912345678"})
        assert match_company(record(), portal, RULES) == Match(("3",), "organisation_number")
        assert match_company(record(), portal, (PHONE, DOMAIN, NUMBER)) == Match(("1",), "phone")
        assert match_company(record(organisation_number=None), portal, RULES) == Match(("2",), "domain")

    def test_a_rule_that_is_not_listed_is_not_used(self) -> None:
        assert match_company(record(), index({"name": "Fjord AS"}), RULES) == Match()

    def test_its_own_id_comes_first_even_against_all_rules(self) -> None:
        portal = index({"orgnr": "912345678"}, {"visma_customer_id": "acme:1", "orgnr": "987654325"})
        assert match_company(record(), portal, RULES) == Match(("2",), "visma_id")

    def test_two_hits_are_a_conflict_not_a_choice(self) -> None:
        portal = index({"domain": "fjord.no"}, {"domain": "fjord.no"}, {"phone": "22334455"})
        assert match_company(record(), portal, RULES) == Match(("1", "2"), "domain")

    def test_both_of_its_ids_on_two_companies_are_a_conflict(self) -> None:
        both = record(
            supplier_number="9", properties={"visma_customer_id": "acme:1", "visma_supplier_id": "acme:9"}
        )
        portal = index({"visma_customer_id": "acme:1"}, {"visma_supplier_id": "acme:9"})
        assert match_company(both, portal, RULES) == Match(("1", "2"), "visma_id")

    def test_one_company_found_by_two_keys_of_a_rule_is_one_hit(self) -> None:
        two_phones = record(phones=("+4722334455", "+4722334466"), organisation_number=None, domain=None)
        contacts = [({"email": "post@fjord.no"}, ("1",)), ({"email": "x@fjord.no"}, ("1",))]
        portal = index({"phone": "22334455"}, contacts=contacts)
        assert match_company(two_phones, portal, RULES).ids == ("1",)


class TestSteps:
    """What one hit and several hits mean, and comparing any property."""

    TWO = index({"domain": "fjord.no"}, {"domain": "fjord.no"}, {"phone": "22334455"})

    @pytest.mark.parametrize(
        ("many", "rest", "expected"),
        [
            ("conflict", ["phone"], Match(("1", "2"), "domain")),
            ("skip", ["phone"], Match(("1", "2"), "domain")),
            ("next", ["phone"], Match(("3",), "phone")),
            ("next", [], Match()),
        ],
    )
    def test_several_hits(self, many: str, rest: list[str], expected: Match) -> None:
        found = match_company(record(), self.TWO, [{"rule": "domain", "many": many}, *rest])
        assert found == expected
        assert found.step is None or str(found.step.many) in (many, "conflict")

    def test_one_rule_may_be_asked_twice(self) -> None:
        legacy = {"rule": "property", "visma": "gln", "hubspot": "gln"}
        other = {**legacy, "visma": "accountReference", "hubspot": "old_number", "form": "digits"}
        mine = record(fields={"gln": "735", "accountReference": "K-0042"})
        portal = index({"old_number": "0042"}, {"gln": "736"})
        assert match_company(mine, portal, [legacy, other]) == Match(("1",), "property:old_number")
        assert match_company(mine, portal, [legacy]) == Match()

    def test_a_property_of_a_customer_and_of_a_supplier(self) -> None:
        step = {"rule": "property", "visma": "attributes.OLD", "hubspot": "old_number", "form": "casefold"}
        both = record(
            parts=(record(fields={"attributes.OLD": None}), supplier(fields={"attributes.OLD": "L9"}))
        )
        assert match_company(both, index({"old_number": "l9"}), [step]).ids == ("1",)
        assert match_company(supplier(), index({"old_number": "l9"}), [step]).ids == ()

    def test_a_property_does_not_take_what_is_anothers(self) -> None:
        step = {"rule": "property", "visma": "gln", "hubspot": "gln"}
        mine = record(fields={"gln": "735"})
        for held in (
            {"visma_customer_id": "acme:2"},
            {"visma_supplier_id": "acme:9"},
            {"orgnr": "987654325"},
        ):
            assert match_company(mine, index({"gln": "735", **held}), [step]) == Match()


class TestWhoIsFree:
    """A company that is somebody's is no candidate, with one exception."""

    OWNED: tuple[tuple[dict[str, str], CompanyRecord, CompanyRule, bool], ...] = (
        # (the company's ids, the record, by which rule, whether it may be adopted)
        ({}, record(), DOMAIN, True),
        ({"visma_customer_id": "acme:2"}, record(), NUMBER, False),  # another customer's
        ({"visma_customer_id": "other:2"}, record(), NUMBER, False),  # another connection's customer
        ({"visma_supplier_id": "acme:9"}, record(), NUMBER, True),  # the same legal entity as supplier
        ({"visma_supplier_id": "acme:9"}, record(), DOMAIN, False),  # a shared domain is not enough for that
        ({"visma_supplier_id": "acme:9"}, record(), EMAIL, False),
        ({"visma_supplier_id": "other:9"}, record(), NUMBER, True),  # the same, seen by another connection
        ({"visma_customer_id": "acme:2"}, supplier(), NUMBER, True),
        ({"visma_supplier_id": "acme:8"}, supplier(), NUMBER, False),
        ({"visma_customer_id": "acme:2", "visma_supplier_id": "acme:9"}, record(), NUMBER, False),
        ({"visma_customer_id": "acme:2"}, record(supplier_number="9"), NUMBER, False),
        ({"visma_supplier_id": "acme:8"}, record(supplier_number="9"), NUMBER, False),
        ({"visma_customer_id": ""}, record(), DOMAIN, True),  # cleared by a person
    )

    @pytest.mark.parametrize(("held", "mine", "rule", "free"), OWNED)
    def test_is_free(self, held: dict[str, str], mine: CompanyRecord, rule: CompanyRule, free: bool) -> None:
        assert is_free(mine, HubSpotRecord("1", dict(held)), rule) is free

    def test_one_free_company_among_taken_ones_is_a_match(self) -> None:
        portal = index({"orgnr": "912345678", "visma_customer_id": "acme:2"}, {"orgnr": "912345678"})
        assert match_company(record(), portal, RULES) == Match(("2",), "organisation_number")

    @pytest.mark.parametrize(
        ("held", "mine", "expected"),
        [
            # Two companies of a group share a domain: the number says that they are two.
            ({"domain": "fjord.no", "orgnr": "987654325"}, record(), Match()),
            ({"domain": "fjord.no", "orgnr": "912 345 678"}, record(), Match(("1",), "organisation_number")),
            ({"domain": "fjord.no", "orgnr": "vet ikke"}, record(), Match(("1",), "domain")),
            (
                {"domain": "fjord.no", "orgnr": "987654325"},
                record(organisation_number=None),
                Match(("1",), "domain"),
            ),
            ({"phone": "22334455", "visma_organisation_number": "987654325"}, record(), Match()),
        ],
    )
    def test_another_organisation_number_is_another_company(
        self, held: dict[str, str], mine: CompanyRecord, expected: Match
    ) -> None:
        assert match_company(mine, index(held), RULES) == expected

    def test_a_bookkeepers_mailbox_does_not_make_a_customer_the_bookkeeper(self) -> None:
        contacts = [({"email": "post@fjord.no"}, ("1",))]
        portal = index({"name": "Bok AS", "orgnr": "987654325"}, contacts=contacts)
        assert match_company(record(), portal, RULES) == Match()


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        (NUMBER, ("912345678",)),
        (EMAIL, ("post@fjord.no",)),
        (DOMAIN, ("fjord.no",)),
        (PHONE, ("+4722334455",)),
        (NAME, ("fjord as",)),
    ],
)
def test_keys_of_a_record(rule: CompanyRule, keys: tuple[str, ...]) -> None:
    nothing = record(organisation_number=None, domain=None, phones=(), emails=(), properties={"name": None})
    (step,) = steps(rule)
    assert keys_of(record(), step, "NO") == keys
    assert keys_of(nothing, step, "NO") == ()


def test_adding_a_company_twice_changes_nothing() -> None:
    portal = CompanyIndex(steps("domain"), (), "NO")
    portal.add_company(HubSpotRecord("1", {"domain": "fjord.no"}))
    portal.add_company(HubSpotRecord("1", {"domain": "annet.no"}))
    assert portal.match(record()) == Match(("1",), "domain")


@pytest.mark.parametrize(
    ("held", "mine", "anothers"),
    [
        ({}, record(), False),
        ({"visma_customer_id": "acme:1"}, record(), False),
        ({"visma_customer_id": "acme:2"}, record(), True),
        ({"visma_customer_id": "acme:2"}, supplier(), False),  # a supplier may be a customer, too
        ({"visma_supplier_id": "acme:8"}, record(), False),
        ({"visma_supplier_id": "acme:8"}, supplier(), True),
        ({"visma_customer_id": ""}, record(), False),
    ],
)
def test_whose_company_it_is(held: dict[str, str], mine: CompanyRecord, anothers: bool) -> None:
    assert is_anothers(mine, HubSpotRecord("1", dict(held))) is anothers
