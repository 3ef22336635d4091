"""A plan that is carried out later than it was made: what people did in the portal meanwhile is never run over."""

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World

LOAD = ("hubspot",)


def rename(world: World, number: int, name: str) -> None:
    """Change a customer's name in the second window."""
    world.sandbox.visma.update("customers", str(number), {"name": name}, stamp=rows.at(1))


def test_is_carried_out_as_it_was_shown_where_nothing_moved(world: World) -> None:
    world.enter_pairs([1, 2, 3])
    planned = world.plan(0)
    done = world.sync(0, steps=LOAD)
    assert done.status == "success"
    assert done.entities == planned.entities
    assert world.company(1).values["name"] == "Kunde 1 AS"


def test_adopts_the_company_that_a_person_made_meanwhile(world: World) -> None:
    world.enter("customers", [rows.customer(1)])
    assert world.plan(0).entities["companies"]["created"] == 1
    made = world.sandbox.hubspot.add_record("companies", {"name": "Typed", "domain": "kunde1.no"})
    done = world.sync(0, steps=LOAD)
    assert (done.entities["companies"]["created"], done.entities["companies"]["updated"]) == (0, 1)
    assert [company.id for company in world.companies()] == [made]
    assert world.company(1).values["name"] == "Kunde 1 AS"


def test_adopts_the_contact_that_a_person_made_meanwhile_and_keeps_what_was_typed(world: World) -> None:
    world.enter_pairs([1])
    assert world.plan(0).entities["contacts"]["created"] == 1
    typed = {"email": "person1@kunde1.no", "firstname": "Typed"}
    made = world.sandbox.hubspot.add_record("contacts", typed)
    done = world.sync(0, steps=LOAD)
    assert (done.entities["contacts"]["created"], done.entities["contacts"]["updated"]) == (0, 1)
    assert (world.contact(1).id, world.contact(1).values["firstname"]) == (made, "Typed")


def test_does_not_make_again_what_a_person_archived_meanwhile(world: World) -> None:
    world.enter("customers", [rows.customer(1)])
    world.sync(0)
    rename(world, 1, "Nytt navn AS")
    assert world.plan(1).entities["companies"]["updated"] == 1
    world.sandbox.hubspot.archive_as_person("companies", world.company(1).id)
    done = world.sync(1, steps=LOAD)
    assert done.entities["companies"]["conflicts"] == 1
    assert world.companies() == []


def test_keeps_what_a_person_filled_in_meanwhile(make_world: MakeWorld) -> None:
    world = make_world(merging={"companies": {"city": "fill_blank"}})
    world.enter("customers", [rows.customer(1)])
    world.sync(0)
    company = world.company(1).id
    world.sandbox.hubspot.edit_as_person("companies", company, {"city": ""})
    rename(world, 1, "Nytt navn AS")
    assert world.plan(1).entities["companies"]["updated"] == 1
    world.sandbox.hubspot.edit_as_person("companies", company, {"city": "Bergen"})
    world.sync(1, steps=LOAD)
    held = world.company(1).values
    assert (held["name"], held["city"]) == ("Nytt navn AS", "Bergen")
