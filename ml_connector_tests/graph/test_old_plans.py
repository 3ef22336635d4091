"""A plan that is carried out later than it was made: what people did in the portal meanwhile is never run over."""

from dataclasses import dataclass

import pytest

from ml_connector.cli.sync import Summary
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World

LOAD = ("hubspot",)

STAYED, COMPANY_MADE, CONTACT_MADE, ARCHIVED, FILLED_IN = 1, 2, 3, 4, 5
"""Customers, by what people do in the portal between a plan and its load."""


@dataclass(frozen=True)
class Late:
    """A portal after two plans that were carried out late, and those plans and runs."""

    world: World
    made: dict[str, str]
    planned: tuple[Summary, Summary]
    done: tuple[Summary, Summary]


@pytest.fixture(scope="module")
def late(make_shared_world: MakeWorld) -> Late:
    """The first plan makes all of them; the second renames those that a person touches then."""
    world = make_shared_world(merging={"companies": {"city": "fill_blank"}})
    hubspot = world.sandbox.hubspot
    world.enter_pairs(range(1, 6))
    first = world.plan(0)
    made = {
        "company": hubspot.add_record("companies", {"name": "Typed", "domain": f"kunde{COMPANY_MADE}.no"}),
        "contact": hubspot.add_record("contacts", {"email": "person3@kunde3.no", "firstname": "Typed"}),
    }
    first_done = world.sync(0, steps=LOAD)

    filled = world.company(FILLED_IN).id
    hubspot.edit_as_person("companies", filled, {"city": ""})
    for number in (ARCHIVED, FILLED_IN):
        world.sandbox.visma.update("customers", str(number), {"name": "Nytt navn AS"}, stamp=rows.at(1))
    second = world.plan(1)
    hubspot.archive_as_person("companies", world.company(ARCHIVED).id)
    hubspot.edit_as_person("companies", filled, {"city": "Bergen"})
    return Late(world, made, (first, second), (first_done, world.sync(1, steps=LOAD)))


def test_is_carried_out_as_it_was_shown_where_nothing_moved(late: Late) -> None:
    planned, done = late.planned[0].entities, late.done[0].entities
    assert late.done[0].status == "success"
    for entity in ("companies", "contacts"):
        assert (planned[entity]["created"], planned[entity]["updated"]) == (5, 0)
        assert (done[entity]["created"], done[entity]["updated"]) == (4, 1)
    assert done["links"] == planned["links"]
    assert late.world.company(STAYED).values["name"] == f"Kunde {STAYED} AS"


def test_adopts_the_company_that_a_person_made_meanwhile(late: Late) -> None:
    company = late.world.company(COMPANY_MADE)
    assert (company.id, company.values["name"]) == (late.made["company"], f"Kunde {COMPANY_MADE} AS")


def test_adopts_the_contact_that_a_person_made_meanwhile_and_keeps_what_was_typed(late: Late) -> None:
    contact = late.world.contact(CONTACT_MADE)
    assert (contact.id, contact.values["firstname"]) == (late.made["contact"], "Typed")


def test_does_not_make_again_what_a_person_archived_meanwhile(late: Late) -> None:
    assert late.planned[1].entities["companies"]["updated"] == 2
    assert late.done[1].entities["companies"]["conflicts"] == 1
    assert late.world.rejected_keys() == {f"customer:{ARCHIVED}"}
    assert len(late.world.companies()) == 4


def test_keeps_what_a_person_filled_in_meanwhile(late: Late) -> None:
    held = late.world.company(FILLED_IN).values
    assert (held["name"], held["city"]) == ("Nytt navn AS", "Bergen")
