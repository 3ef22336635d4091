"""How candidates are found: by the whole inventory or by look-ups, whichever is fewer calls, with the same matches."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ml_connector.hubspot.visma_group import company_property_names
from ml_connector.plan.candidates import CompanyCandidates
from ml_connector.plan.operations import Action
from ml_connector.records.model import CompanyRecord
from ml_connector.settings.matching import CompanyRule, MatchingSettings
from ml_connector_tests.plan.chain import UNLIMITED, Chain
from ml_connector_tests.records.snapshots import customer, supplier

RULES = MatchingSettings.model_validate(
    {
        "companies": [
            {"rule": "property", "visma": "accountReference", "hubspot": "old_number", "form": "casefold"},
            {"rule": "property", "visma": "gln", "hubspot": "gln"},
            {"rule": "property", "visma": "attributes.SEG", "hubspot": "segment", "many": "next"},
            *(rule for rule in CompanyRule if rule is not CompanyRule.PROPERTY),
        ]
    }
)

WRITTEN_NUMBERS = st.sampled_from(
    [
        *(
            "912345678",
            "912 345 678",
            "NO 912 345 678 MVA",
            "NO912345678MVA",
            "912345678 mva",
            "no 912345678",
        ),
        *("987654325", "987 654 325", "NO987654325"),
        *("5566778899", "556677-8899", "SE556677889901", "16556677-8899"),
        *("12345674", "12 34 56 74", "DK12345674", "DK-12345674", "dk 12345674"),
        *("12345671", "1234567-1", "FI12345671"),
    ]
)
DOMAINS = st.sampled_from(["fjord.no", "www.fjord.no", "Fjord.no", "bre.se", "blåbær.no", "xn--blbr-roah.no"])
WEBSITES = st.sampled_from(
    ["https://www.fjord.no", "http://bre.se/", "www.bre.se", "https://xn--blbr-roah.no/"]
)
PHONES = st.sampled_from(["22 33 44 55", "+47 22334455", "0047 22 33 44 66", "+46 8 123 456 78", "98765432"])
NAMES = st.sampled_from(["Fjord AS", "FJORD AS", "Bre AB"])
OLD = st.sampled_from(["A-17", "a-17", "B-18", "Ångström-1", "ÅNGSTRÖM-1"])
GLN = st.sampled_from(["735001", "7350.01", "735002", "-7"])
SEGMENTS = st.sampled_from(["big", "small"])
EMAILS = st.sampled_from(["post@fjord.no", "kari@fjord.no", "faktura@bok.no", "a@b.no"])


COMPANY = st.fixed_dictionaries(
    {"name": NAMES},
    optional={
        "domain": DOMAINS,
        "website": WEBSITES,
        "phone": PHONES,
        "orgnr": WRITTEN_NUMBERS,
        "hs_additional_domains": DOMAINS,
        "old_number": OLD,
        "gln": GLN,
        "segment": SEGMENTS,
        "visma_customer_id": st.sampled_from(["acme:1", "acme:2", "acme:77", "other:1"]),
        "visma_supplier_id": st.sampled_from(["acme:5", "acme:78"]),
    },
)
CONTACT = st.tuples(EMAILS, st.none() | EMAILS, st.lists(st.integers(0, 9), max_size=3))
PARTNER = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "corporateId": WRITTEN_NUMBERS,
        "accountReference": OLD,
        "gln": GLN,
        "attributes": st.builds(lambda one: [{"id": "SEG", "value": one}], SEGMENTS),
        "mainContact": st.fixed_dictionaries(
            {}, optional={"web": DOMAINS | WEBSITES, "phone1": PHONES, "email": EMAILS}
        ),
    },
)


def fill(
    chain: Chain, companies: list[dict[str, str]], contacts: list[tuple[str, str | None, list[int]]]
) -> None:
    """Put companies and contacts into the portal; unique values and addresses that come twice are left out."""
    chain.portal.add_property("companies", "orgnr")
    chain.portal.add_property("companies", "old_number")
    chain.portal.add_property("companies", "gln", type="number", fieldType="number")
    options = [
        {"value": one, "label": one, "displayOrder": 0, "hidden": False} for one in ("big", "small", "Big")
    ]
    chain.portal.add_property("companies", "segment", type="enumeration", fieldType="select", options=options)
    ids: list[str] = []
    taken: set[str] = set()
    for properties in companies:
        own = {
            name: value
            for name, value in properties.items()
            if not name.endswith("_id") or value not in taken
        }
        taken |= {value for name, value in own.items() if name.endswith("_id")}
        ids.append(chain.portal.add_record("companies", own))
    addresses: set[str] = set()
    for email, more, belongs in contacts:
        mine = [one for one in dict.fromkeys((email, more)) if one and one not in addresses]
        addresses.update(mine)
        if mine:
            links = [("companies", ids[place]) for place in dict.fromkeys(belongs) if place < len(ids)]
            further = {"hs_additional_emails": mine[1]} if len(mine) > 1 else {}
            chain.portal.add_record("contacts", {"email": mine[0], **further}, links)


def matches(chain: Chain, records: list[CompanyRecord], *, whole: bool) -> dict[str, Any]:
    """Return what each record matches, by the inventory or by look-ups."""
    candidates = CompanyCandidates(chain.client, chain.ledger, RULES, company_property_names(), "NO")
    candidates.prepare(10_000 if whole else 0)
    index = candidates.index_for(records)
    found = {record.key: index.match(record) for record in records}
    return {key: (set(match.ids), match.rule) for key, match in found.items()}


class TestTheSameEitherWay:
    """The choice is about calls only."""

    @settings(
        max_examples=120,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),  # each try asks a server; shrinking would take minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        st.lists(COMPANY, max_size=6),
        st.lists(CONTACT, max_size=4),
        st.lists(PARTNER, min_size=1, max_size=4),
        st.lists(PARTNER, max_size=2),
    )
    def test_inventory_and_look_ups_match_alike(
        self,
        chain: Chain,
        companies: list[dict[str, str]],
        contacts: list[tuple[str, str | None, list[int]]],
        buyers: list[dict[str, Any]],
        sellers: list[dict[str, Any]],
    ) -> None:
        chain.portal.reset(chain.portal.settings)
        for name in ("visma_customer_id", "visma_supplier_id"):
            chain.portal.add_property("companies", name, hasUniqueValue=True)
        fill(chain, companies, contacts)
        chain.client.refresh_properties("companies")
        chain.settings = chain.settings.model_copy(update={"matching": RULES})
        records = chain.companies(
            [customer(str(place), **values) for place, values in enumerate(buyers, 1)],
            [supplier(str(place), **values) for place, values in enumerate(sellers, 5)],
        )
        assert matches(chain, records, whole=True) == matches(chain, records, whole=False)

    def test_a_portal_whose_numbers_are_numbers_is_not_asked_for_text(self, chain: Chain) -> None:
        chain.portal.add_property("companies", "orgnr", type="number", fieldType="number")
        company = chain.portal.add_record("companies", {"name": "Fjord", "orgnr": "912345678"})
        chain.client.refresh_properties("companies")
        records = chain.companies([customer("1", corporateId="NO 912 345 678 MVA")])
        assert matches(chain, records, whole=False) == {"customer:1": ({company}, "organisation_number")}
        searched = [call for call in chain.sandbox.log.calls("hubspot") if call.path.endswith("/search")]
        assert {str(call.status) for call in searched} == {"200"}

    @pytest.mark.parametrize("values", [{"corporateId": "9" * 70_000}, {"name": "x" * 70_000}])
    def test_a_huge_value_does_not_break_the_search(self, chain: Chain, values: dict[str, str]) -> None:
        records = chain.companies([customer("1", **values)])
        assert matches(chain, records, whole=False) == {"customer:1": (set(), None)}


class TestAPropertyOfALegacySystem:
    """A company is found by the number it had in the system before Visma, on a portal of any size."""

    def matching(self, form: str) -> MatchingSettings:
        step = {"rule": "property", "visma": "accountReference", "hubspot": "old_number", "form": form}
        return MatchingSettings.model_validate({"companies": [step]})

    @pytest.mark.parametrize(
        ("form", "held", "reference", "lists"),
        [
            ("exact", "K-0042", "K-0042", 0),
            ("casefold", "k-0042", "K-0042", 0),
            ("digits", "C 00-42", "K-0042", 4),
        ],
    )
    def test_is_found(self, chain: Chain, form: str, held: str, reference: str, lists: int) -> None:
        chain.portal.add_property("companies", "old_number")
        for number in range(320):
            chain.portal.add_record("companies", {"name": f"Fremmed {number}", "old_number": f"X-{number}"})
        mine = chain.portal.add_record("companies", {"name": "Fjord", "old_number": held})
        chain.client.refresh_properties("companies")
        chain.settings = chain.settings.model_copy(update={"matching": self.matching(form)})
        chain.sandbox.log.clear()
        records = chain.companies([customer("1", accountReference=reference), customer("2")])
        found = {one.key: one for one in chain.plan_companies(records)}
        adopted = found["customer:1"]
        assert (adopted.action, adopted.hubspot_id, adopted.rule) == (
            Action.UPDATE,
            mine,
            "property:old_number",
        )
        assert found["customer:2"].action is Action.CREATE
        asked = [call for call in chain.sandbox.log.calls("hubspot") if call.method == "GET"]
        assert len([call for call in asked if "/objects/" in call.path]) == lists
        chain.load_companies(found.values())
        assert chain.company("customer:1").id == mine


class TestTheChoice:
    """Fewer calls win."""

    def reads(self, chain: Chain) -> dict[str, int]:
        counted = {"lists": 0, "searches": 0}
        for call in chain.sandbox.log.calls("hubspot"):
            counted["lists"] += call.method == "GET" and "/objects/" in call.path
            counted["searches"] += call.path.endswith("/search")
        return counted

    @pytest.mark.parametrize(("unknown", "whole"), [(0, False), (1, False), (40, True)])
    def test_by_the_count_of_requests(self, chain: Chain, unknown: int, whole: bool) -> None:
        for number in range(1500):
            chain.portal.add_record("companies", {"name": f"Fremmed {number}"})
        chain.sandbox.log.clear()
        records = chain.companies(
            [customer(str(number), corporateId=f"9{number:08d}") for number in range(unknown)]
        )
        chain.plan_companies(records)
        assert self.reads(chain)["lists"] == (15 + 1 if whole else 0)

    def test_nothing_unknown_costs_nothing(self, chain: Chain) -> None:
        chain.sync([customer("1")])
        chain.sandbox.log.clear()
        planned = chain.plan_companies(chain.companies([customer("1")]), unknown=0)
        assert [one.action for one in planned] == [Action.UNCHANGED]
        assert chain.sandbox.log.calls("hubspot") == []


def test_what_search_does_not_know_yet_is_found_through_the_ledger(chain: Chain) -> None:
    """A supplier is synced; the next run, at once, has a customer with its number."""
    chain.portal.configure(**{**UNLIMITED, "search_lag_seconds": 60.0})
    for number in range(200):
        chain.portal.add_record("companies", {"name": f"Fremmed {number}"})
    chain.load_companies(chain.plan_companies(chain.companies((), [supplier("9", corporateId="912345678")])))
    records = chain.companies([customer("1", corporateId="NO 912 345 678 MVA")])
    (planned,) = chain.plan_companies(records, unknown=0)
    assert (planned.action, planned.rule) == (Action.UPDATE, "organisation_number")
    chain.load_companies([planned])
    assert chain.company("customer:1").id == chain.company("supplier:9").id
    assert chain.company("customer:1").values["visma_relationship"] == "customer;supplier"
