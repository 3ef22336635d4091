"""The time machine of records after real runs against both APIs: nothing of their history is missing, or made up."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector import database
from ml_connector.audit import reading
from ml_connector.audit.differences import Change
from ml_connector.audit.page import record_page
from ml_connector.audit.reading import audit_record
from ml_connector.audit.record import RecordAudit, document
from ml_connector.audit.timeline import Event, Place
from ml_connector.dataset_writer import Storage
from ml_connector.errors import TransientApiError, UsageError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.ledger.entries import RejectRow
from ml_connector.ledger.journal import Journal
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.sandbox.server import Sandbox
from ml_connector_tests.databases import ReadyDatabases
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.harness import NAME, World, connection, empty_company
from ml_connector_tests.reconciliation.made import OSLO

BOOKS = BooksSettings(
    invoices=5,
    credit_notes=1,
    debit_notes=0,
    payments=3,
    supplier_invoices=0,
    purchase_orders=0,
    gl_batches=0,
)
ORGANISATION = "999888777"


@pytest.fixture(scope="module")
def world(ready_databases: ReadyDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three windows: a first load, changes, and one that is only planned, with a person's edits before it."""
    url = ready_databases.make()
    with pytest.MonkeyPatch.context() as patch, Sandbox(empty_company(customers=3, books=BOOKS)) as sandbox:
        patch.setenv(database.HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        patch.delenv("DAGSTER_HOME", raising=False)
        patch.delenv("ML_CONNECTOR_STORAGE_URL", raising=False)
        made = World(sandbox, connection(records=["invoices", "payments"]), url)
        for name, value in made.environment.items():
            patch.setenv(name, value)
        live(made)
        yield made
    ready_databases.give_back(url)


def live(world: World) -> None:
    """Let the windows pass."""
    world.enter_pairs([71, 72])
    both = rows.customer(73, corporateId=ORGANISATION)
    world.enter("customers", [both])
    world.enter("suppliers", [rows.supplier(83, corporateId=ORGANISATION, mainContact=both["mainContact"])])
    world.sync(0)
    visma = world.sandbox.visma
    visma.update("customers", "71", {"name": "Nytt 71 AS"}, stamp=rows.at(1))
    visma.update("suppliers", "83", {"status": "Inactive"}, stamp=rows.at(1))
    visma.books.pay(open_invoice(world), stamp=rows.at(1))
    world.sync(1)
    edited = {"name": "Salgets navn", "domain": "annet.no"}
    world.sandbox.hubspot.edit_as_person("companies", world.company(71).id, edited)
    visma.update("customers", "71", {"status": "OnHold"}, stamp=rows.at(2))
    world.enter("customers", [rows.customer(79)], day=2)
    world.plan(2)
    world.forget_calls()


def open_invoice(world: World) -> str:
    """The key in Visma of the first invoice that somebody still has to pay."""
    return min(one.key for one in world.sandbox.visma.books.books.invoices if one.released and one.balance)


@pytest.fixture
def audit(world: World) -> Callable[..., RecordAudit]:
    """Looks at a record, with HubSpot unless told otherwise."""

    def client() -> HubSpotClient:
        return HubSpotClient(world.sandbox.settings.hubspot.access_tokens[0], base_url=world.sandbox.url)

    def look(typed: str, **changes: Any) -> RecordAudit:
        engine = database.engine(world.database_url)
        return audit_record(engine, Storage(), world.settings, typed, **{"client": client, **changes})

    return look


def told(events: list[Event] | Any) -> list[tuple[Place, str]]:
    """Where and what."""
    return [(event.place, event.what) for event in events]


def test_a_company_with_all_its_past(
    world: World, audit: Callable[..., RecordAudit], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        found = audit("customer:71")
    assert "Salgets navn" not in caplog.text
    first, second, plan = (str(run.run_id) for run in world.runs)
    assert [(*one, run[:8]) for one, run in zip(told(found.events), runs_of(found), strict=True)] == [
        (Place.VISMA, "first version seen", first[:8]),
        (Place.HUBSPOT, "made", first[:8]),
        (Place.VISMA, "new version seen", second[:8]),
        (Place.HUBSPOT, "changed", second[:8]),
        (Place.PEOPLE, "changed in HubSpot", ""),
        (Place.VISMA, "new version seen", plan[:8]),
        (Place.PLAN, "update planned, not carried out", plan[:8]),
    ]
    assert found.events[2].changes == (Change("name", "Kunde 71 AS", "Nytt 71 AS"),)
    assert Change("name", "Kunde 71 AS", "Nytt 71 AS") in found.events[3].changes
    assert found.events[3].facts["HTTP status"] == "200"
    assert found.events[4].changes == (
        Change("domain", "kunde71.no", "annet.no"),
        Change("name", "Nytt 71 AS", "Salgets navn"),
    )
    assert "user" in found.events[4].facts["by"]
    assert Change("visma_customer_status", "Active", "OnHold") in found.events[6].changes
    states = {one.name: (one.state, one.why) for one in found.fields}
    assert states["domain"][0] == "kept"
    assert "fill_blank" in states["domain"][1]
    assert states["name"][0] == "changed"
    assert states["visma_customer_status"][0] == "waiting"
    assert "newer version" in states["visma_customer_status"][1]
    assert states["city"] == ("same", f"written by run {first[:8]} on {datetime.now(UTC):%Y-%m-%d}")
    assert found.state == "edited"
    assert found.hubspot_id == world.company(71).id
    assert str(found.url).endswith(f"/record/0-2/{found.hubspot_id}")
    assert [one.from_key for one in found.links.listed] == ["contact:71"]


def runs_of(found: RecordAudit) -> list[str]:
    """The run of each event."""
    return [event.run_id or "" for event in found.events]


def test_hubspot_is_only_read_and_only_for_this_record(
    world: World, audit: Callable[..., RecordAudit]
) -> None:
    world.forget_calls()
    found = audit("customer:72")
    assert found.state == "as in Visma"
    assert world.writes() == []
    assert len(world.calls()) == 3
    asked = [call for call in world.calls() if call.path.endswith("/batch/read")]
    assert len(asked) == 1
    world.forget_calls()
    offline = audit("customer:72", client=None)
    assert world.calls() == world.calls("visma") == []
    assert offline.not_asked == reading.OFFLINE
    assert [one.state for one in offline.fields if one.name == "name"] == ["same"]
    assert found.events == offline.events


def test_a_customer_that_is_a_supplier_has_both_pasts(audit: Callable[..., RecordAudit]) -> None:
    for typed in ("customer:73", "supplier:83"):
        found = audit(typed)
        assert found.key == found.keys[0] == typed
        assert {*found.keys} == {"customer:73", "supplier:83"}
        assert told(found.events) == [
            (Place.VISMA, "first version seen"),
            (Place.VISMA, "first version seen"),
            (Place.HUBSPOT, "made"),
            (Place.VISMA, "new version seen"),
            (Place.HUBSPOT, "changed"),
        ]
        held = {one.name: one for one in found.fields}
        assert held["visma_supplier_status"].visma == "Inactive"
        assert held["name"].visma == "Kunde 73 AS", "the customer has the say"
        assert found.state == "as in Visma"


def test_an_invoice_its_line_and_its_payment(world: World, audit: Callable[..., RecordAudit]) -> None:
    (changed,) = world.query(
        "SELECT record_key FROM ml_connector.operation WHERE entity = 'invoices' AND action = 'update'"
        " AND properties ? 'visma_balance'"
    )
    number = changed[0].partition(":")[2]
    found = audit(f"Invoice:{number}")
    assert (found.key, found.said) == (f"invoice:{number}", f"Invoice:{number} is invoice:{number} here.")
    assert (Place.HUBSPOT, "linked") in told(found.events)
    paid = next(event for event in found.events if event.what == "new version seen")
    assert "balance" in {change.name for change in paid.changes}
    sent = next(event for event in found.events if event.what == "changed")
    assert "visma_balance" in {change.name for change in sent.changes}
    assert {one.to_type for one in found.links.listed} >= {"companies", "line_items"}
    assert {one.name: one.state for one in found.fields}["hs_invoice_billable"] == "same"
    line = audit(f"line:{number}:1")
    assert line.key == f"line:Invoice:{number}:1"
    assert told(line.events)[:2] == [(Place.VISMA, "first version seen"), (Place.HUBSPOT, "made")]
    assert {one.state for one in line.fields} == {"same"}
    (payment,) = world.query(
        "SELECT record_key FROM ml_connector.operation WHERE entity = 'payments' ORDER BY id LIMIT 1"
    )
    number = payment[0].rpartition(":")[2]
    assert audit(f"payment:{number}").key == payment[0]


def test_what_was_never_loaded_is_told_from_the_snapshots(audit: Callable[..., RecordAudit]) -> None:
    found = audit("customer:79")
    assert told(found.events) == [
        (Place.VISMA, "first version seen"),
        (Place.PLAN, "create planned, not carried out"),
    ]
    assert found.state == "not in HubSpot"
    assert "No run has loaded this record yet." in found.notes


def test_an_unknown_record_names_the_nearest(audit: Callable[..., RecordAudit]) -> None:
    with pytest.raises(UsageError, match=r"knows nothing of customer:7111.*customer:71"):
        audit("customer:7111")


def test_a_portal_that_does_not_answer_fails_nothing(world: World, audit: Callable[..., RecordAudit]) -> None:
    def silent() -> HubSpotClient:
        raise TransientApiError("HubSpot does not answer.")

    found = audit("customer:71", client=silent)
    assert found.present is None
    assert found.not_asked == "HubSpot could not be asked: HubSpot does not answer."
    assert str(found.url).startswith("https://app.hubspot.com/contacts/")


def test_the_token_of_another_portal_shows_nobodys_record(
    world: World, audit: Callable[..., RecordAudit]
) -> None:
    with database.engine(world.database_url).begin() as changed:
        portal = sa.text("UPDATE ml_connector.binding SET value = :value WHERE side = 'hubspot_portal'")
        before = world.query("SELECT value FROM ml_connector.binding WHERE side = 'hubspot_portal'")[0][0]
        changed.execute(portal, {"value": "1"})
    found = audit("customer:71")
    with database.engine(world.database_url).begin() as changed:
        changed.execute(portal, {"value": before})
    assert found.present is None
    assert "this ledger is of 1" in str(found.not_asked)


def test_a_long_past_is_cut_with_a_sentence(
    audit: Callable[..., RecordAudit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_OPERATIONS", 1)
    monkeypatch.setattr(reading, "MOST_WINDOWS", 2)
    cut = audit("customer:71")
    assert [event.what for event in cut.events if event.place is Place.HUBSPOT] == ["changed"]
    assert any("Only the newest 1 operations" in note for note in cut.notes)
    assert any("of 3 windows" in note for note in cut.notes)
    assert [event.what for event in cut.events if event.place is Place.PLAN], "no plan of a loaded run"
    whole = audit("customer:71", everything=True)
    assert whole.notes == ()
    assert len(whole.events) == 7


def test_the_document_and_the_page_hold_it_all(audit: Callable[..., RecordAudit], tmp_path: Path) -> None:
    found = audit("customer:71")
    told_to_scripts = json.loads(json.dumps(document(found)))
    assert told_to_scripts["record"] == "customer:71"
    assert [event["place"] for event in told_to_scripts["timeline"]] == [
        event.place.value for event in found.events
    ]
    history = told_to_scripts["hubspot"]["history"]
    assert [entry["ours"] for entry in history if entry["property"] == "name"] == [False, True, True]
    page = record_page(found, OSLO, datetime.now(UTC))
    for text in ("Salgets navn", "fill_blank writes only", "update planned, not carried out", str(found.url)):
        assert text in page


class TestTrouble:
    """Records that are refused, archived or merged; these tests change the world and come last."""

    def test_a_refused_record_says_why(self, world: World, audit: Callable[..., RecordAudit]) -> None:
        journal = Journal(database.engine(world.database_url), NAME, world.runs[1].run_id or "")
        refused = RejectRow(
            "companies", "customer:72", "other", "It is refused.", "Correct it.", None, "2026-03-03", ""
        )
        journal.settle([], rejects=[refused])
        found = audit("customer:72")
        assert found.state == "refused"
        assert document(found)["rejects"][0]["remedy"] == "Correct it."

    def test_an_archived_record_is_told(self, world: World, audit: Callable[..., RecordAudit]) -> None:
        world.sandbox.hubspot.archive_as_person("companies", world.company(73).id)
        assert audit("customer:73").state == "archived"

    def test_a_merged_record_is_found_by_its_key(
        self, world: World, audit: Callable[..., RecordAudit]
    ) -> None:
        before = world.company(71).id
        theirs = world.sandbox.hubspot.add_record("companies", {"name": "Salg"})
        world.sandbox.hubspot.merge_as_person("companies", theirs, before)
        found = audit("customer:71")
        assert (found.state, found.hubspot_id) == ("elsewhere", theirs)
