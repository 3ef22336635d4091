"""The first load into a portal that sales has used for years: who is who, and what finding out costs."""

from collections import Counter
from math import ceil
from typing import Any

import pytest

from ml_connector.sandbox.portal_seed import ORGANISATION_NUMBER_PROPERTY, Clue, portal_records
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World, empty_company

CUSTOMERS = 300
KNOWN = 150
STRANGERS = 150


def known_company(number: int) -> dict[str, str]:
    """Return what sales typed of a customer: one clue each, by turns, and never the name Visma has."""
    clues = (
        {ORGANISATION_NUMBER_PROPERTY: f"NO {900_000_000 + number} MVA"},
        {"domain": f"kunde{number}.no"},
        {"phone": f"22 {number // 100:02d} {number % 100:02d} 11"},
        {"website": f"https://www.kunde{number}.no/om-oss"},
    )
    return {"name": f"Kjent {number}", **clues[number % len(clues)]}


def fill(world: World) -> dict[int, str]:
    """Fill Visma and the portal; return the HubSpot ids of the customers that sales knew."""
    portal = world.sandbox.hubspot
    portal.add_property("companies", ORGANISATION_NUMBER_PROPERTY)
    ids: dict[int, str] = {}
    for number in range(CUSTOMERS):
        phone = f"+4722{number // 100:02d}{number % 100:02d}11"
        contact = {"contactId": 600_000 + number, "web": f"www.kunde{number}.no", "phone1": phone}
        world.enter("customers", [rows.customer(number, mainContact=contact)])
        world.enter("contacts", [rows.contact(number, number)])
        if number < KNOWN:
            ids[number] = portal.add_record("companies", known_company(number))
    for number in range(STRANGERS):
        company = portal.add_record(
            "companies",
            {"name": f"Fremmed {number}", "domain": f"fremmed{number}.no", "phone": f"33{number:06d}"},
        )
        person = {"email": f"person{number}@fremmed{number}.no", "lastname": f"Fremmed{number}"}
        portal.add_record("contacts", person, [("companies", company)])
    return ids


class TestPortalThatHoldsHalf:
    """Half of the customers are known to sales, and as many strangers are there."""

    def test_every_match_is_right_and_nothing_is_doubled(self, world: World) -> None:
        ids = fill(world)
        summary = world.sync()
        assert summary.status == "success"
        assert {number: world.company(number).id for number in ids} == ids
        assert len(world.companies()) == CUSTOMERS + STRANGERS
        assert len(world.sandbox.hubspot.records("contacts")) == CUSTOMERS + STRANGERS
        strangers = [record for record in world.companies() if record.values["name"].startswith("Fremmed")]
        assert len(strangers) == STRANGERS
        assert all("visma_customer_id" not in record.values for record in strangers)
        assert len(world.sandbox.hubspot.links("contacts", "companies")) == CUSTOMERS + STRANGERS

    def test_reads_each_inventory_once(self, world: World) -> None:
        fill(world)
        world.sync()
        counted = world.counted()
        assert counted.of("GET", "/objects/2026-09/companies") == ceil((KNOWN + STRANGERS) / 100)
        assert counted.of("GET", "/objects/2026-09/contacts") == ceil(STRANGERS / 100)
        pages = ceil((KNOWN + STRANGERS) / 100) + ceil(STRANGERS / 100)
        reads = counted.of("GET", "/objects/") + counted.of("/batch/read") + counted.of("/search")
        assert reads <= pages + 20
        assert counted.of("/batch/upsert") == ceil((CUSTOMERS - KNOWN) / 100) + ceil(CUSTOMERS / 100)
        assert counted.of("/batch/update") == ceil(KNOWN / 100)

    def test_the_same_again_writes_nothing(self, world: World) -> None:
        fill(world)
        world.sync()
        before = world.portrait()
        world.forget_calls()
        world.sync()
        assert world.writes() == []
        assert len(world.calls()) <= 5
        assert world.portrait() == before

    def test_what_sales_typed_is_kept_where_the_policy_says_so(self, world: World) -> None:
        portal = world.sandbox.hubspot
        own = {
            "name": "Kunde en",
            "domain": "kunde1.no",
            "description": "Ringer alltid før ti",
            "city": "Oslo",
        }
        company = portal.add_record("companies", own)
        person = {"email": "person1@kunde1.no", "firstname": "Kari", "jobtitle": "Sjef"}
        contact = portal.add_record("contacts", person, [("companies", company)])
        world.enter("customers", [rows.customer(1)])
        world.enter("contacts", [rows.contact(1, 1, position="Innkjøper")])
        world.sync()
        held = portal.record("companies", company).values
        assert held["name"] == "Kunde 1 AS"
        assert held["city"] == "Ålesund"
        assert held["description"] == own["description"]
        assert held["domain"] == "kunde1.no"
        mine = portal.record("contacts", contact).values
        assert (mine["firstname"], mine["jobtitle"]) == ("Kari", "Sjef")
        assert mine["visma_contact_id"] == f"{NAME}:1"


class TestKnownByItsPeople:
    """A company that sales knows by the address of somebody there, whom Visma has as a contact."""

    @pytest.fixture
    def known(self, world: World) -> str:
        """The HubSpot id of that company."""
        portal = world.sandbox.hubspot
        company = portal.add_record("companies", {"name": "Kjent"})
        portal.add_record("contacts", {"email": "felles@kjent.no"}, [("companies", company)])
        return company

    def nameless(self, number: int) -> dict[str, Any]:
        """A customer that fits by nothing of its own."""
        return rows.customer(number, mainContact={"contactId": 600_000 + number})

    def test_two_customers_of_one_company_stay_a_conflict_in_windows_without_their_people(
        self, world: World, known: str
    ) -> None:
        world.enter("customers", [self.nameless(1), self.nameless(2)])
        world.enter("contacts", [rows.contact(number, number, email="felles@kjent.no") for number in (1, 2)])
        assert world.sync(0).entities["companies"]["conflicts"] == 2
        world.sandbox.visma.update("customers", "2", {"name": "Kunde to"}, stamp=rows.at(1))
        assert world.sync(1).entities["companies"]["conflicts"] == 2
        assert [record.id for record in world.companies()] == [known]
        assert "visma_customer_id" not in world.sandbox.hubspot.record("companies", known).values


class TestManyStrangersAndFewOfOurs:
    """Where a small delta meets a big portal, asking for just what is needed is cheaper than reading all."""

    def test_asks_by_key(self, world: World) -> None:
        portal = world.sandbox.hubspot
        for number in range(1300):
            portal.add_record("companies", {"name": f"Fremmed {number}", "domain": f"fremmed{number}.no"})
        mine = portal.add_record("companies", {"name": "Kunde to", "domain": "kunde2.no"})
        world.enter_pairs(range(5))
        summary = world.sync()
        assert summary.status == "success"
        assert world.company(2).id == mine
        assert len(world.companies()) == 1301 + 4
        assert world.counted().of("GET", "/objects/2026-09/companies") == 0
        assert len(world.calls()) <= 40


class TestBelievablePortal:
    """The demo's portal, of which is known by what each record can be recognised."""

    @pytest.fixture
    def demo(self, make_world: MakeWorld) -> World:
        return make_world(empty_company(customers=120, suppliers=40, portal_seed="demo"))

    def test_adopts_what_fits_and_leaves_doubles_to_a_person(self, demo: World) -> None:
        company = demo.sandbox.company
        seeded = [record for record in portal_records(company) if record.object_type == "companies"]
        ids = [record.id for record in demo.companies()]
        demo.sync()
        outcome: Counter[tuple[str, bool]] = Counter()
        for record, hubspot_id in zip(seeded, ids, strict=True):
            owner = demo.sandbox.hubspot.record("companies", hubspot_id).values.get("visma_customer_id")
            if record.customer is None:
                assert owner is None, "a stranger was adopted"
                continue
            group = _same_entity(company, record.customer)
            assert owner is None or owner in group, (record, owner)
            outcome[str(record.clue), owner is not None] += 1
        for clue in (Clue.ORGANISATION_NUMBER, Clue.DOMAIN, Clue.PHONE, Clue.CONTACT_EMAIL):
            assert outcome[str(clue), True] > 0, outcome
        assert outcome[str(Clue.TWO_OF_ONE_DOMAIN), True] == 0, outcome
        conflicts = {item.record for item in demo.rejects() if item.cause == "several-fit"}
        doubled = {
            f"customer:{company.customer_number(record.customer)}"
            for record in seeded
            if record.clue is Clue.TWO_OF_ONE_DOMAIN and record.customer is not None
        }
        assert doubled <= conflicts


def _same_entity(company: Any, customer: int) -> set[str]:
    """Return the Visma ids of all customers that are the same company as this one."""
    entity = company.customer_entity(customer)
    return {
        f"{NAME}:{company.customer_number(index)}"
        for index in range(company.customers)
        if company.customer_entity(index) == entity
    }
