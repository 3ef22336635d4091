"""``undo`` of runs that carried companies and contacts: the portal is as it was, but for what people changed since."""

from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import World
from ml_connector_tests.graph.undoing import differences, picture, stays, undo


def test_a_first_load_is_taken_back_whole(world: World) -> None:
    world.enter_pairs(range(30))
    before = picture(world)
    done = world.sync()
    world.forget_calls()
    code, document = undo(world, done.run_id)
    assert (code, document["status"], document["stays"]) == (0, "success", [])
    assert differences(before, picture(world)) == {}
    assert world.calls("visma") == []
    for table in ("identity", "link", "reject"):
        assert world.query(f"SELECT * FROM ml_connector.{table}") == []
    assert world.open_intents() == 0

    # The next run, without a change in Visma, makes nothing of it again; the same window does.
    world.forget_calls()
    world.sync(1)
    assert world.writes() == []
    assert world.sync(0).entities["companies"]["created"] == 30
    assert len(world.companies()) == 30


def test_values_records_and_links_of_one_day_go_back(world: World) -> None:
    world.enter_pairs(range(10))
    world.sync()
    before = picture(world)
    world.enter_pairs(range(20, 24), day=1)
    world.sandbox.visma.update("customers", "3", {"name": "Nyere navn", "status": "OnHold"}, stamp=rows.at(1))
    world.sandbox.visma.update("contacts", "4", {"phone1": "+47 22 22 22 22"}, stamp=rows.at(1))
    world.sandbox.visma.update("contacts", "5", {"businessAccount": "20"}, stamp=rows.at(1))
    done = world.sync(1)
    assert differences(before, picture(world)) != {}
    _, plan = undo(world, done.run_id, "--dry")
    assert (plan["status"], plan["dry"], len(plan["operations"])) == ("planned", True, 8 + 2 + 5)
    assert world.company(3).values["name"] == "Nyere navn", "a dry run writes nothing"
    _, document = undo(world, done.run_id)
    assert document["stays"] == []
    assert differences(before, picture(world)) == {}

    # The record's next change is compared afresh, whatever the ledger believed; so is the same window.
    world.sandbox.visma.update("customers", "3", {"name": "Nyere navn", "status": "OnHold"}, stamp=rows.at(2))
    world.sync(2)
    assert world.company(3).values["name"] == "Nyere navn"
    world.sync(1)
    assert world.contact(4).values["phone"] == "+4722222222"
    assert len(world.companies()) == 14


def test_what_people_did_since_stays_and_is_listed(world: World) -> None:
    """A value, a record with a value of their own, one with a link of their own, one that they archived."""
    world.enter_pairs(range(4))
    world.sync()
    hubspot = world.sandbox.hubspot
    world.sandbox.visma.update("customers", "1", {"name": "Nyere navn", "status": "OnHold"}, stamp=rows.at(1))
    world.enter_pairs(range(10, 16), day=1)
    done = world.sync(1)
    ids = {number: world.company(number).id for number in (1, *range(10, 16))}
    hubspot.edit_as_person("companies", ids[1], {"name": "Personens navn"})
    hubspot.edit_as_person("companies", ids[10], {"industry": "AIRLINES_AVIATION"})
    hubspot.add_record("deals", {"dealname": "D", "dealstage": "closedwon"}, [("companies", ids[11])])
    hubspot.archive_as_person("companies", ids[12])
    hubspot.edit_as_person("contacts", world.contact(13).id, {"phone": "+4711111111"})
    hubspot.edit_as_person("companies", ids[14], {"city": "Ålesund"})
    touched = picture(world)
    _, document = undo(world, done.run_id)
    assert stays(document) == {
        "customer:1": "changed in HubSpot since: name",
        "customer:10": "changed in HubSpot since: industry",
        "customer:11": "linked or labelled by somebody else, with deals",
        "customer:12": "it is not in HubSpot any more: archived or merged by a person",
        "contact:13": "changed in HubSpot since: phone",
        "customer:13": "it belongs to contact:13, which stays",
    }
    assert (document["status"], document["undone_by"]) == ("success", None)
    values = world.company(1).values
    assert (values["name"], values["visma_customer_status"]) == ("Personens navn", "Active")
    assert sorted(one.values["visma_customer_id"] for one in world.companies()) == [
        f"acme:{number}" for number in (0, 1, 10, 11, 13, 2, 3)
    ]
    kept = {ids[number] for number in (10, 11, 13)} | {world.contact(13).id}
    for name, (then, now) in differences(touched, picture(world)).items():
        assert now is None or name.endswith(ids[1]), (name, then, now)
        assert name.split()[1] not in kept or ">" in name
    assert hubspot.links("contacts", "companies") >= {(world.contact(13).id, ids[13])}

    # Again: it says that it was done, lists what stays, and has nothing to do.
    world.forget_calls()
    code, again = undo(world, done.run_id)
    assert (code, again["status"], again["undone_by"]) == (0, "nothing to do", document["run_id"])
    assert (again["operations"], stays(again)) == ([], stays(document))
    assert world.writes() == []


def test_what_later_runs_did_stays_and_names_them(world: World) -> None:
    world.enter_pairs(range(3))
    first = world.sync()
    world.sandbox.visma.update("customers", "1", {"name": "Nyere navn"}, stamp=rows.at(1))
    world.enter("contacts", [rows.contact(50, 2)], day=1)
    later = world.sync(1)
    name = f"run {str(later.run_id)[:8]}"
    _, document = undo(world, first.run_id)
    assert stays(document) == {
        "customer:1": f"changed by {name} since: name, visma_last_modified",
        "customer:2": f"linked by {name} since, with contacts",
    }
    assert len(world.companies()) == 2
    assert len(world.sandbox.hubspot.records("contacts")) == 1

    # Undone from the newest to the oldest, nothing is left.
    assert undo(world, later.run_id)[1]["stays"] == []
    assert world.company(1).values["name"] == "Kunde 1 AS"
    assert undo(world, first.run_id)[1]["stays"] == []
    assert world.companies() == []


def test_records_that_were_adopted_are_parted_again(world: World) -> None:
    """A portal that had the companies and people before: they keep what was theirs, and are found again."""
    hubspot = world.sandbox.hubspot
    for number in range(3):
        hubspot.add_record("companies", {"name": f"Portalens {number}", "domain": f"kunde{number}.no"})
        hubspot.add_record("contacts", {"email": f"person{number}@kunde{number}.no", "lastname": "Portal"})
    world.enter_pairs(range(3))
    world.plan()
    before = picture(world)
    done = world.sync()
    assert world.company(1).values["name"] == "Kunde 1 AS"
    _, document = undo(world, done.run_id)
    assert document["stays"] == []
    assert differences(before, picture(world)) == {}
    assert world.query("SELECT * FROM ml_connector.identity") == []
    assert undo(world, done.run_id)[1]["stays"] == []
    assert world.sync().entities["companies"]["updated"] == 3
    assert len(world.companies()) == 3

    # One that a later run relies on stays who it is.
    world.enter("contacts", [rows.contact(60, 1)], day=1)
    later = world.sync(1)
    _, document = undo(world, world.runs[-2].run_id)
    name = f"run {str(later.run_id)[:8]}"
    assert stays(document)["customer:1"] == f"{name} has relied on it since: visma_customer_id"
    assert world.company(1).values["name"] == "Portalens 1"
    world.sandbox.visma.update("customers", "1", {"city": "x"}, stamp=rows.at(2))
    assert world.sync(2).entities["companies"]["updated"] == 1


def test_two_visma_contacts_that_are_one_hubspot_contact(world: World) -> None:
    world.enter("customers", [rows.customer(1), rows.customer(2)])
    same = {"email": "felles@kunde1.no"}
    before = picture(world)
    world.enter(
        "contacts", [rows.contact(1, 1, **same), rows.contact(2, 1, **same), rows.contact(3, 2, **same)]
    )
    done = world.sync()
    assert len(world.sandbox.hubspot.records("contacts")) == 1
    assert undo(world, done.run_id)[1]["stays"] == []
    assert differences(before, picture(world)) == {}
    assert world.query("SELECT * FROM ml_connector.link") == []
