"""One record tried by `plan --record`: what a sync would do with it, and why; nothing is written anywhere."""

from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector.cli.trial import newest_window, portal
from ml_connector.errors import UsageError
from ml_connector.ledger.decisions import Decision, DecisionDesk, Verdict
from ml_connector.trial.model import Trial, Tried
from ml_connector.trial.record import RecordTrial, reading
from ml_connector.visma.resource import VismaResource
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money


def tried(world: World, typed: str) -> Trial:
    """Try a record, and hold the trial to what it promises: reads only, and the ledger as before."""
    before, portrait = ledger(world), world.portrait()
    world.forget_calls()
    hubspot = portal(world.settings)
    visma = VismaResource(connection=NAME).get_client()
    account = hubspot.get_account()
    trial = RecordTrial(
        database.engine(world.database_url),
        world.settings,
        visma,
        hubspot.get_client(),
        account,
        newest_window(world.settings),
    ).of(typed)
    assert world.writes() == []
    assert world.sandbox.hubspot.counts.writes == 0
    assert {call.method for call in world.calls("visma") if "token" not in call.path} == {"GET"}
    assert (ledger(world), world.portrait()) == (before, portrait)
    return trial


def ledger(world: World) -> list[Any]:
    """Return how many rows each table of the ledger has, and when the newest identity was touched."""
    tables = ("run", "operation", "identity", "link", "reject", "edit", "decision")
    counts = [world.query(f"SELECT count(*) FROM ml_connector.{name}") for name in tables]
    return [*counts, world.query("SELECT max(updated_at) FROM ml_connector.identity")]


def only(trial: Trial) -> Tried:
    (one,) = trial.about
    return one


def decisions(one: Tried) -> dict[str, str]:
    return {field.name: str(field.decision) for field in one.fields}


def names(world: World, number: int, name: str) -> None:
    """Change a customer's name in Visma, on the second day."""
    world.sandbox.visma.update("customers", str(number), {"name": name}, stamp=rows.at(1))


@pytest.fixture(scope="module")
def synced(make_shared_world: MakeWorld) -> World:
    """Some customers with a contact each, in HubSpot; each test has its own."""
    world = make_shared_world(
        merging={"companies": {"city": "fill_blank", "name": "overwrite_unless_edited"}}
    )
    world.enter_pairs([1, 2, 3, 4])
    assert world.sync(0).status == "success"
    return world


class TestCustomer:
    """A customer as it is in Visma now."""

    def test_that_is_new_would_be_made(self, synced: World) -> None:
        synced.enter("customers", [rows.customer(30)], day=1)
        one = only(tried(synced, "customer:30"))
        assert one.operation.action == "create"
        assert decisions(one)["name"] == "set"
        assert (one.operation.values["name"], one.candidates) == ("Kunde 30 AS", [])

    def test_that_has_changed_tells_old_and_new_and_what_is_kept(self, synced: World) -> None:
        changes = {
            "name": "Ny AS",
            "mainAddress": {"addressLine1": "Storgata 1", "postalCode": "6002", "city": "Oslo"},
        }
        synced.sandbox.visma.update("customers", "1", changes, stamp=rows.at(1))
        trial = tried(synced, f"{NAME}:customer:1")
        one = only(trial)
        assert (one.operation.action, one.operation.hubspot_id) == ("update", synced.company(1).id)
        assert (one.operation.previous["name"], one.operation.values["name"]) == ("Kunde 1 AS", "Ny AS")
        told = decisions(one)
        assert (told["name"], told["city"], told["zip"]) == ("set", "kept_filled", "equal")
        (city,) = [field for field in one.fields if field.name == "city"]
        assert (city.visma, city.held, city.after) == ("Oslo", "Ålesund", "Ålesund")
        document = trial.as_json()["operations"][0]
        assert document["values"]["name"] == {"old": "Kunde 1 AS", "new": "Ny AS"}

    def test_whose_name_a_person_changed_keeps_it(self, synced: World) -> None:
        synced.sandbox.hubspot.edit_as_person("companies", synced.company(3).id, {"name": "Vår kunde"})
        names(synced, 3, "Ny AS")
        one = only(tried(synced, "customer:3"))
        assert decisions(one)["name"] == "kept"
        (name,) = [field for field in one.fields if field.name == "name"]
        assert (name.visma, name.held, name.after) == ("Ny AS", "Vår kunde", "Vår kunde")

    def test_that_has_not_changed_stays_as_it_is_whatever_people_wrote(self, synced: World) -> None:
        synced.sandbox.hubspot.edit_as_person("companies", synced.company(2).id, {"phone": "12"})
        synced.sandbox.hubspot.edit_as_person("companies", synced.company(2).id, {"zip": "0001"})
        one = only(tried(synced, "customer:2"))
        assert one.operation.action == "unchanged"
        assert decisions(one)["zip"] == "not_looked_at"
        assert decisions(one)["name"] == "equal"

    def test_in_conflict_names_the_candidates_and_the_rules_that_found_them(self, synced: World) -> None:
        hubspot = synced.sandbox.hubspot
        twins = {hubspot.add_record("companies", {"name": n, "domain": "kunde9.no"}) for n in ("A", "B")}
        other = hubspot.add_record(
            "companies",
            {"name": "C", "domain": "kunde9.no", "visma_organisation_number": "911111111"},
        )
        synced.enter("customers", [rows.customer(9)], day=1)
        one = only(tried(synced, "customer:9"))
        assert (one.operation.action, set(one.operation.candidates)) == ("conflict", twins)
        found = {(item.rule, item.hubspot_id): item.ruled_out for item in one.candidates}
        assert found == {
            **{("domain", twin): None for twin in twins},
            ("domain", other): "it has another organisation number",
        }

    def test_that_fits_a_company_would_be_linked_to_it_by_the_rule(self, synced: World) -> None:
        phone = "22 33 44 55"
        company = synced.sandbox.hubspot.add_record("companies", {"name": "Åtte", "phone": phone})
        people = {
            "mainContact": {"contactId": 600_008, "phone1": phone},
            "invoiceContact": {"contactId": 600_009, "phone1": f"+47 {phone}"},
        }
        synced.enter("customers", [rows.customer(8, **people)], day=1)
        one = only(tried(synced, "customer:8"))
        assert (one.operation.action, one.operation.rule, one.operation.hubspot_id) == (
            "update",
            "phone",
            company,
        )
        assert [(item.rule, item.hubspot_id) for item in one.candidates] == [("phone", company)]

    def test_whose_company_another_record_claims_is_in_conflict_as_in_a_sync(
        self, make_world: MakeWorld
    ) -> None:
        world = make_world()
        company = world.sandbox.hubspot.add_record("companies", {"name": "En", "domain": "felles.no"})
        for number in (1, 2):
            mine = {"contactId": 600_000 + number, "web": "felles.no"}
            world.enter("customers", [rows.customer(number, mainContact=mine)])
        world.sync(0)
        one = only(tried(world, "customer:1"))
        assert (one.operation.action, one.operation.candidates) == ("conflict", (company,))
        assert "several Visma records fit this HubSpot company by domain" in str(one.operation.reason)

    def test_that_is_not_taken_says_why(self, make_world: MakeWorld) -> None:
        world = make_world(take={"customer_classes": ["A"]})
        world.enter("customers", [rows.customer(1, customerClass={"id": "B"})])
        one = only(tried(world, "customer:1"))
        assert (one.operation.action, one.operation.reason) == ("skip", "not taken: customer class B")


def test_what_a_person_decided_comes_before_the_rules(synced: World) -> None:
    hubspot = synced.sandbox.hubspot
    chosen = hubspot.add_record("companies", {"name": "Valgt"})
    synced.enter("customers", [rows.customer(40)], day=1)
    made = Decision("companies", "customer:40", Verdict.LINK, chosen)
    DecisionDesk(database.engine(synced.database_url), NAME).decide(made, None, [])
    one = only(tried(synced, "customer:40"))
    assert (one.operation.action, one.operation.rule, one.operation.hubspot_id) == (
        "update",
        "decided",
        chosen,
    )


def test_a_supplier_that_shares_the_number_of_a_customer_is_told_apart(synced: World) -> None:
    synced.enter("suppliers", [rows.supplier(4, corporateId=str(900_000_004))], day=1)
    with pytest.raises(UsageError, match="'4' fits 3 records: customer:4, supplier:4, contact:4"):
        tried(synced, "4")
    trial = tried(synced, "supplier:4")
    one = only(trial)
    assert (one.operation.keys, one.operation.rule) == (("supplier:4",), "organisation_number")
    assert one.operation.hubspot_id == synced.company(4).id
    assert trial.shared == ["customer:4"]
    assert decisions(one)["name"] == "not_its_own"
    assert one.operation.values["visma_relationship"] == "customer;supplier"
    assert "name" not in one.operation.values


def test_a_record_that_visma_does_not_have_is_an_error_that_names_the_nearest(synced: World) -> None:
    with pytest.raises(UsageError) as error:
        tried(synced, "customer:11")
    assert error.value.message == "Visma has no customer:11."
    assert "customer:1" in str(error.value.remedy)
    with pytest.raises(UsageError, match=r"line:Invoice:1:1 cannot be tried alone\."):
        tried(synced, "line:Invoice:1:1")
    with pytest.raises(UsageError, match="acme carries no invoices, so creditnote:7 is left alone"):
        tried(synced, "creditnote:7")


def test_a_contact_comes_with_its_business_account(synced: World) -> None:
    synced.enter("customers", [rows.customer(31)], day=1)
    synced.enter("contacts", [rows.contact(31, 31)], day=1)
    trial = tried(synced, "contact:31")
    assert [(one.operation.key, one.operation.action) for one in trial.about] == [
        ("contact:31", "create"),
        ("contact:31>customer:31", "link"),
    ]
    assert [(one.operation.key, one.operation.action) for one in trial.owner] == [("customer:31", "create")]
    known = tried(synced, "contact:2")
    assert [one.operation.action for one in known.about] == ["unchanged"]


def test_what_was_tried_is_what_the_next_sync_does(make_world: MakeWorld) -> None:
    world = make_world(merging={"companies": {"city": "fill_blank"}})
    world.enter_pairs([1, 2])
    world.sync(0)
    names(world, 1, "Ny AS")
    for name in ("A", "B"):
        world.sandbox.hubspot.add_record("companies", {"name": name, "domain": "kunde9.no"})
    world.sandbox.hubspot.add_record("companies", {"name": "Åtte", "domain": "kunde8.no"})
    world.enter("customers", [rows.customer(number) for number in (3, 8, 9)], day=1)
    world.enter("contacts", [rows.contact(3, 3)], day=1)
    keys = ("customer:1", "customer:3", "customer:8", "customer:9", "contact:3")
    said = {
        (one.operation.key, str(one.operation.action), tuple(sorted(one.operation.values.items())))
        for key in keys
        for one in tried(world, key).about
        if one.operation.action != "link"
    }
    run = world.sync(1).run_id
    did = world.query(
        "SELECT DISTINCT ON (record_key) record_key, action, properties FROM ml_connector.operation"
        " WHERE run_id = :run AND record_key = ANY(:keys) ORDER BY record_key, id",
        run=run,
        keys=list(keys),
    )
    assert {(key, action, tuple(sorted((values or {}).items()))) for key, action, values in did} == said


def test_an_invoice_comes_with_its_lines_links_and_customer(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    money.bill(1, "100", "25.50")
    world.sync(0)
    key = money.bill(1, "70", day=1)
    number = key.partition(":")[2]
    trial = tried(world, f"invoice:{number}")
    did = {(one.operation.entity, one.operation.key): str(one.operation.action) for one in trial.about}
    assert did["invoices", f"invoice:{number}"] == "create"
    assert did["line_items", f"line:{key}:1"] == "create"
    assert did["invoice_links", f"invoice:{number}>customer:1"] == "link"
    assert [one.operation.action for one in trial.owner] == ["unchanged"]
    assert any(note.startswith("Contacts in Visma that no sync has brought") for note in trial.notes)
    world.sync(1)
    ledgers = world.query(
        "SELECT entity, record_key, action FROM ml_connector.operation WHERE run_id = :run AND record_key LIKE :key",
        run=world.runs[-1].run_id,
        key=f"%{number}%",
    )
    assert {(row[0], row[1]): row[2] for row in ledgers} == did


def test_a_payment_does_not_make_the_invoice_in_visma_an_older_version(make_world: MakeWorld) -> None:
    world = make_world(records=DOCUMENTS)
    world.enter_pairs([1])
    money = Money(world)
    key = money.bill(1, "100")
    world.sync(0)
    world.sandbox.visma.books.pay(key, stamp=rows.at(1))
    world.sync(1)
    trial = tried(world, f"invoice:{key.partition(':')[2]}")
    assert {str(one.operation.action) for one in trial.about} == {"unchanged"}
    assert trial.notes == ()


def test_the_ledger_of_a_trial_refuses_to_be_written(world: World) -> None:
    engine = reading(database.engine(world.database_url))
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="read-only"):
        connection.execute(sa.text("DELETE FROM ml_connector.run"))
