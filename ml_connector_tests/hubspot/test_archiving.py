"""Records that Visma has no more: archived once, forgotten in the ledger, and proven gone when an answer is lost."""

from typing import Any

import pytest
import responses

from ml_connector.errors import CredentialsError, PermanentApiError, UsageError
from ml_connector.http import RetryPolicy
from ml_connector.hubspot import paths
from ml_connector.hubspot.batches import Outcome, WriteInput, archive_batches, write_batches
from ml_connector.hubspot.calls import hubspot_transport
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.freshness import NEVER_THERE, OVERTAKEN
from ml_connector.hubspot.lost import GONE, settle_lost_intents
from ml_connector.ledger.entries import Entry
from ml_connector.plan.operations import Action
from ml_connector.sandbox.faults import FaultKind, FaultRule
from ml_connector.sandbox.hubspot.settings import DEFAULT_TOKEN
from ml_connector_tests.hubspot.documents import (
    archived_line,
    books,
    hubspot_id,
    invoice,
    line,
    link,
    load,
    load_links,
    states,
)
from ml_connector_tests.hubspot.portal import Script, client, limits
from ml_connector_tests.hubspot.upserts import CONFIRMED, REJECTED, of, upsert
from ml_connector_tests.ledger.rows import identity
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["books", "chain", "empty_ledger", "ledger_engine", "running"]

ARCHIVE = paths.object_batch("line_items", "archive")
READ = paths.object_batch("line_items", "read")


def item(number: int) -> WriteInput:
    return WriteInput(f"t-{number}", f"line:Invoice:1:{number}", {}, str(900 + number), None, archive=True)


def archive(many: int) -> list[Outcome]:
    done = archive_batches(client(), "line_items", map(item, range(many)), before=lambda batch: None)
    return [outcome for _, outcomes in done for outcome in outcomes]


class TestAnswers:
    """How the answer to a batch of archives is read."""

    @responses.activate
    def test_no_body_is_success_and_a_hundred_go_in_a_call(self) -> None:
        script = Script(ARCHIVE, [(204, "")])
        outcomes = archive(250)
        assert len(of(outcomes, CONFIRMED)) == 250
        assert [len(body["inputs"]) for body in script.bodies] == [100, 100, 50]
        assert script.bodies[0]["inputs"][0] == {"id": "900"}
        assert {outcome.hubspot_id for outcome in outcomes} == {str(900 + one) for one in range(250)}

    @responses.activate
    def test_one_that_must_stay_is_refused_alone(self) -> None:
        def answer(body: Any) -> Any:
            bad = any(one["id"] == "907" for one in body["inputs"])
            return (400, {"category": "VALIDATION_ERROR", "message": "is paid"}) if bad else (204, "")

        script = Script(ARCHIVE, answer)
        outcomes = archive(100)
        assert of(outcomes, REJECTED) == {"t-7"}
        assert {one.told for one in outcomes} == {None, "not-archived"}
        assert len(of(outcomes, CONFIRMED)) == 99
        assert script.calls <= 10

    @responses.activate
    @pytest.mark.parametrize(
        "reply",
        [
            (404, {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["901"]}}),
            (207, {"errors": [{"category": "OBJECT_NOT_FOUND", "context": {"ids": ["901"]}}]}),
        ],
    )
    def test_one_that_is_not_there_any_more_is_archived(self, reply: Any) -> None:
        Script(ARCHIVE, [reply, (204, "")])
        assert len(of(archive(3), CONFIRMED)) == 3

    @responses.activate
    def test_a_problem_in_a_success_is_its_own_rows(self) -> None:
        problem = {"category": "VALIDATION_ERROR", "message": "no", "context": {"ids": ["901"]}}
        Script(ARCHIVE, [(207, {"errors": [problem]})])
        outcomes = archive(3)
        assert of(outcomes, REJECTED) == {"t-1"}
        assert next(one for one in outcomes if one.trace_id == "t-1").category == "VALIDATION_ERROR"

    @responses.activate
    def test_a_problem_that_names_nobody_is_looked_for(self) -> None:
        def answer(body: Any) -> Any:
            bad = any(one["id"] == "902" for one in body["inputs"])
            return (
                (207, {"errors": [{"category": "VALIDATION_ERROR", "message": "no"}]}) if bad else (204, "")
            )

        Script(ARCHIVE, answer)
        assert of(archive(4), REJECTED) == {"t-2"}

    @responses.activate
    @pytest.mark.parametrize(("status", "error"), [(401, CredentialsError), (403, PermanentApiError)])
    def test_a_refusal_of_the_run_ends_it(self, status: int, error: type[Exception]) -> None:
        Script(ARCHIVE, [(status, {"category": "MISSING_SCOPES"})])
        with pytest.raises(error):
            archive(3)

    @responses.activate
    def test_a_lost_answer_is_proven_by_reading(self) -> None:
        script = Script(ARCHIVE, [(502, "")])
        gone = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["900", "901"]}}
        Script(READ, [(207, {"results": [], "errors": [gone]})])
        assert len(of(archive(2), CONFIRMED)) == 2
        assert script.calls == 4

    @responses.activate
    def test_what_a_lost_call_left_is_sent_once_more(self) -> None:
        script = Script(ARCHIVE, [(502, ""), (502, ""), (502, ""), (502, ""), (204, "")])
        gone = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["901"]}}
        Script(READ, [(207, {"results": [{"id": "900", "properties": {}}], "errors": [gone]})])
        assert len(of(archive(2), CONFIRMED)) == 2
        assert script.bodies[-1] == {"inputs": [{"id": "900"}]}

    def test_a_batch_does_not_mix_writes_and_archives(self) -> None:
        with pytest.raises(UsageError):
            list(write_batches(client(), "line_items", [[upsert(1), item(2)]], before=lambda batch: None))


class TestLoading:
    """Removed lines in the portal and in the ledger."""

    @pytest.fixture
    def whole(self, books: Chain) -> Chain:
        """Invoice 1 with three lines, linked."""
        load(books, invoice(1))
        load(books, *[line(1, place) for place in (1, 2, 3)])
        load_links(
            books, *[link("invoice:1", "line_items", f"line:Invoice:1:{place}") for place in (1, 2, 3)]
        )
        return books

    def test_a_removed_line_goes_with_its_link_and_its_identity(self, whole: Chain) -> None:
        gone = hubspot_id(whole, "line_items", "line:Invoice:1:2")
        changed = line(
            1,
            3,
            Action.UPDATE,
            hubspot_id=hubspot_id(whole, "line_items", "line:Invoice:1:3"),
            values={"price": "7"},
            fingerprint="f-new",
        )
        counts = load(whole, line(1, 4), archived_line(1, 2, hubspot_id=gone), changed)
        assert (counts.created, counts.updated, counts.archived, counts.read) == (1, 1, 1, 3)
        names = {one.values["name"] for one in whole.portal.records("line_items").values()}
        assert names == {"Bolts 1", "Bolts 3", "Bolts 4"}
        assert whole.ledger.identities("line_items", ["line:Invoice:1:2"]) == {}
        assert set(states(whole)) == {"invoice:1>line:Invoice:1:1", "invoice:1>line:Invoice:1:3"}

    def test_its_record_is_found_in_the_ledger_where_the_plan_has_none(self, whole: Chain) -> None:
        assert load(whole, archived_line(1, 2)).archived == 1
        assert len(whole.portal.records("line_items")) == 2

    def test_a_line_that_was_never_made_is_only_forgotten(self, whole: Chain) -> None:
        load_links(whole, link("invoice:1", "line_items", "line:Invoice:1:9"))
        assert "invoice:1>line:Invoice:1:9" in states(whole)
        whole.portal.forget_calls()
        counts = load(whole, archived_line(1, 9))
        assert (counts.unchanged, counts.archived) == (1, 0)
        assert "invoice:1>line:Invoice:1:9" not in states(whole)
        assert whole.portal.counts.writes == 0
        assert whole.rows("operation", "reason")[-1][0] == NEVER_THERE

    def test_one_that_another_run_brought_back_stays(self, whole: Chain) -> None:
        stale = archived_line(1, 2, hubspot_id=hubspot_id(whole, "line_items", "line:Invoice:1:2"))
        load(whole, stale)
        load(whole, line(1, 2))
        counts = load(whole, stale)
        assert (counts.skipped, counts.archived) == (1, 0)
        assert whole.rows("operation", "reason")[-1][0] == OVERTAKEN
        assert len(whole.portal.records("line_items")) == 3

    def test_one_a_person_archived_before_is_archived(self, whole: Chain) -> None:
        whole.portal.archive_as_person("line_items", hubspot_id(whole, "line_items", "line:Invoice:1:2"))
        assert load(whole, archived_line(1, 2)).archived == 1

    def test_an_invoice_that_must_stay_is_refused_and_known_still(self, whole: Chain) -> None:
        mine = hubspot_id(whole, "invoices", "invoice:1")
        whole.portal.edit_as_person("invoices", mine, {"hs_invoice_status": "paid"})
        counts = load(whole, invoice(1, Action.ARCHIVE, values={}, hubspot_id=mine, fingerprint=""))
        assert (counts.rejected, counts.archived) == (1, 0)
        assert set(whole.rejects()) == {"invoice:1"}
        assert hubspot_id(whole, "invoices", "invoice:1") == mine

    @pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.CUT_BODY])
    def test_a_lost_answer_archives_once(self, whole: Chain, kind: FaultKind) -> None:
        steady = Chain(
            whole.sandbox,
            HubSpotClient(
                DEFAULT_TOKEN,
                base_url=whole.sandbox.url,
                transport=hubspot_transport(RetryPolicy(attempts=3, first_delay=0.0), sleep=lambda _: None),
                limits=limits(),
            ),
            whole.engine,
            whole.settings,
        )
        number = whole.sandbox.faults.add(FaultRule(kind=kind, path=ARCHIVE, times=1))
        counts = load(steady, *[archived_line(1, place) for place in (1, 2)])
        whole.sandbox.faults.remove(number)
        assert (counts.archived, counts.pending) == (2, 0)
        assert len(whole.portal.records("line_items")) == 1

    def test_a_killed_process_is_read_back(self, whole: Chain) -> None:
        ids = {place: hubspot_id(whole, "line_items", f"line:Invoice:1:{place}") for place in (1, 2)}
        whole.journal().intend(
            [Entry(f"lost-{place}", archived_line(1, place, hubspot_id=ids[place])) for place in ids]
        )
        whole.portal.archive_as_person("line_items", ids[1])
        assert settle_lost_intents(whole.client, whole.journal()) == 2
        found = {row[0]: row[1:] for row in whole.rows("operation", "trace_id, status, message")}
        assert found["lost-1"] == ("confirmed", GONE)
        assert found["lost-2"][0] == "pending"
        assert set(whole.ledger.identities("line_items", ["line:Invoice:1:1", "line:Invoice:1:2"])) == {
            "line:Invoice:1:2"
        }


def test_an_upsert_that_met_its_record_counts_as_an_update(books: Chain) -> None:
    """The ledger was lost, or never knew: HubSpot says that the record of a create is not new."""
    known = {"visma_invoice_id": "acme:Invoice:1", "hs_currency": "NOK", "hs_invoice_billable": "false"}
    books.portal.add_record("invoices", known)
    counts = load(books, invoice(1), invoice(2))
    assert (counts.created, counts.updated) == (1, 1)
    assert len(books.portal.records("invoices")) == 2


def test_an_operation_without_a_fingerprint_keeps_the_known_one(books: Chain) -> None:
    """Days overdue, a purchase: part of a record, so that the whole is still known as it was synced."""
    load(books, invoice(1))
    mine = hubspot_id(books, "invoices", "invoice:1")
    part = invoice(
        1, Action.UPDATE, values={"visma_days_overdue": "3"}, hubspot_id=mine, fingerprint="", stamp=""
    )
    for _ in range(2):
        assert load(books, part).updated == 1
    known = books.ledger.identities("invoices", ["invoice:1"])["invoice:1"]
    assert (known.fingerprint, known.stamp) == ("f-1", "2026-11-20T06:35:22.153")


def test_a_part_is_written_where_nothing_is_known_of_the_whole(books: Chain) -> None:
    mine = books.portal.add_record("invoices", {"hs_currency": "NOK", "hs_invoice_billable": "false"})
    row = identity("invoice:1", object_type="invoices", hubspot_id=mine, fingerprint="")
    books.journal().settle([], identities=[row])
    part = invoice(1, Action.UPDATE, values={"visma_days_overdue": "3"}, hubspot_id=mine, fingerprint="")
    assert load(books, part).updated == 1


def test_a_record_that_is_refused_before_it_is_sent_stays_what_it_was(books: Chain) -> None:
    """HubSpot holds none of its new values."""
    load(books, invoice(1))
    mine = hubspot_id(books, "invoices", "invoice:1")
    why = "the portal has no currency SEK"
    bad = invoice(1, Action.REJECT, hubspot_id=mine, rule="visma_id", reason=why, fingerprint="f-new")
    assert load(books, bad).rejected == 1
    assert books.rejects() == {"invoice:1": "currency-not-in-portal"}
    assert books.ledger.identities("invoices", ["invoice:1"])["invoice:1"].fingerprint == "f-1"
