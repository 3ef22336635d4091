"""What the journal writes, and what it keeps: intents first, the newest of everything, each thing once."""

import pytest
import sqlalchemy as sa

from ml_connector.ledger.journal import Journal, close_run
from ml_connector.plan.operations import Action
from ml_connector_tests.ledger.rows import ended as end
from ml_connector_tests.ledger.rows import (
    entry,
    identity,
    journal,
    link,
    operation,
    reject,
    rows,
)

OPERATION = "record_key, action, status, hubspot_id, finished_at IS NOT NULL"


class TestOperations:
    """Intents, notes and their ends."""

    def test_an_intent_is_there_for_everybody_at_once(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).intend([entry(1), entry(2)])
        assert rows(empty_ledger, "operation", OPERATION) == [
            ("customer:1", "create", "intended", None, False),
            ("customer:2", "create", "intended", None, False),
        ]

    def test_what_is_not_sent_is_noted_as_done(self, empty_ledger: sa.Engine) -> None:
        made = entry(1, action=Action.SKIP, reason="it is inactive in Visma", values={})
        journal(empty_ledger).note([made])
        assert rows(empty_ledger, "operation", f"{OPERATION}, reason") == [
            ("customer:1", "skip", "done", None, True, "it is inactive in Visma")
        ]

    def test_an_end_is_written_on_its_own_line(self, empty_ledger: sa.Engine) -> None:
        mine, other = journal(empty_ledger), journal(empty_ledger, "run-2")
        mine.intend([entry(1), entry(2), entry(3)])
        other.intend([entry(1)])
        mine.settle(
            [
                end(entry(1), hubspot_id="901", http_status=200),
                end(
                    entry(2),
                    "rejected",
                    http_status=400,
                    category="INVALID_EMAIL",
                    message="no",
                    correlation_id="c",
                ),
            ]
        )
        assert rows(empty_ledger, "operation", f"run_id, {OPERATION}", "run_id, record_key") == [
            ("run-1", "customer:1", "create", "confirmed", "901", True),
            ("run-1", "customer:2", "create", "rejected", None, True),
            ("run-1", "customer:3", "create", "intended", None, False),
            ("run-2", "customer:1", "create", "intended", None, False),
        ]
        details = rows(empty_ledger, "operation", "http_status, category, message, correlation_id", "id")
        assert details[:2] == [(200, None, None, None), (400, "INVALID_EMAIL", "no", "c")]

    def test_whether_a_create_made_the_record_is_kept(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.intend([entry(1), entry(2), entry(3)])
        mine.settle([end(entry(1), created=True), end(entry(2), created=False), end(entry(3))])
        assert rows(empty_ledger, "operation", "record_key, created") == [
            ("customer:1", True),
            ("customer:2", False),
            ("customer:3", None),
        ]

    def test_an_end_without_an_id_keeps_the_known_one(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.intend([entry(1, action=Action.UPDATE, hubspot_id="901")])
        mine.settle([end(entry(1), "unknown")])
        assert rows(empty_ledger, "operation", "status, hubspot_id") == [("unknown", "901")]

    def test_old_and_new_values_stamps_and_odd_texts_come_back(self, empty_ledger: sa.Engine) -> None:
        new = {"name": "Blåbær 🫐 'AS' \"x\" \\ {a,b} NULL", "city": ""}
        old = {"name": None, "city": "Voss"}
        journal(empty_ledger).intend(
            [entry(1, values=new, previous=old, stamp="2026-11-20T06:35:22.153"), entry(2, stamp="")]
        )
        found = rows(empty_ledger, "operation", "properties, previous, stamp::text", "id")
        assert found[0] == (new, old, "2026-11-20 06:35:22.153")
        assert found[1][2] is None

    def test_what_postgresql_cannot_hold_stops_nothing(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.intend([entry(1, values={"name": "A\x00B"}, previous={"name": "\ud83d😀 C"})])
        mine.settle([end(entry(1), "rejected", message="bad \x00\ud83d thing", category="X\x00")])
        assert rows(empty_ledger, "operation", "properties, previous, message, category") == [
            ({"name": "AB"}, {"name": "😀 C"}, "bad  thing", "X")
        ]

    def test_nothing_is_nothing(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.intend([])
        mine.note([])
        mine.settle([])
        assert rows(empty_ledger, "operation") == []


class TestIdentities:
    """Which HubSpot record a Visma key is."""

    COLUMNS = "record_key, hubspot_id, fingerprint, stamp::text, email"

    def test_the_newest_stamp_stays(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], identities=[identity(stamp="2026-11-20T10:00:00")])
        for stamp in ("2026-11-19T10:00:00", "", "2026-11-20T09:59:59.999"):
            mine.settle([], identities=[identity(stamp=stamp)])
        assert rows(empty_ledger, "identity", "stamp::text") == [("2026-11-20 10:00:00",)]
        mine.settle([], identities=[identity(stamp="2026-11-21T10:00:00")])
        assert rows(empty_ledger, "identity", "stamp::text") == [("2026-11-21 10:00:00",)]

    def test_a_version_without_a_change_counts_as_newer(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], identities=[identity(stamp="2026-11-20T10:00:00")])
        mine.settle([], seen=[("companies", "customer:1", "2026-11-21T10:00:00")])
        assert rows(empty_ledger, "identity", "stamp::text") == [("2026-11-21 10:00:00",)]
        mine.settle(
            [],
            seen=[
                ("companies", "customer:1", "2026-11-19T10:00:00"),
                ("companies", "customer:9", "2026-11-19T10:00:00"),
            ],
        )
        assert rows(empty_ledger, "identity", "stamp::text") == [("2026-11-21 10:00:00",)]

    def test_an_unknown_address_keeps_the_known_one(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], identities=[identity(email="a@b.no")])
        mine.settle([], identities=[identity(email=None, hubspot_id="902", fingerprint="f2")])
        assert rows(empty_ledger, "identity", "hubspot_id, fingerprint, email") == [("902", "f2", "a@b.no")]

    def test_values_add_up(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], identities=[identity(values={"name": "Fjord", "city": "Oslo"})])
        mine.settle([], identities=[identity(values={"city": "Voss"})])
        assert rows(empty_ledger, "identity", "properties") == [({"name": "Fjord", "city": "Voss"},)]

    def test_one_statement_with_a_key_twice_keeps_the_newer(self, empty_ledger: sa.Engine) -> None:
        """PostgreSQL refuses to touch a row twice in one statement, which would end the run."""
        twice = [
            identity(stamp="2026-11-20T10:00:00", fingerprint="new"),
            identity(stamp="2026-11-19T10:00:00", fingerprint="old"),
        ]
        journal(empty_ledger).settle([], identities=twice)
        assert rows(empty_ledger, "identity", "fingerprint") == [("new",)]

    def test_connections_and_types_are_apart(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).settle(
            [], identities=[identity(), identity(object_type="contacts", hubspot_id="7")]
        )
        journal(empty_ledger, "run-2", "other").settle([], identities=[identity(hubspot_id="8")])
        assert len(rows(empty_ledger, "identity")) == 3


class TestLinksAndRejects:
    """Links and refused records."""

    def test_a_link_holds_its_last_state(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle(
            [], links=[link(status="pending", from_id=None, reason="customer:1 is not in HubSpot yet")]
        )
        mine.settle([], links=[link(), link("customer:2")])
        found = rows(empty_ledger, "link", "to_key, status, from_id, reason", "to_key")
        assert found == [("customer:1", "confirmed", "5", None), ("customer:2", "confirmed", "5", None)]

    def test_a_link_twice_in_one_statement(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).settle([], links=[link(status="pending"), link()])
        assert rows(empty_ledger, "link", "status") == [("confirmed",)]

    def test_attempts_are_counted_from_the_first(self, empty_ledger: sa.Engine) -> None:
        for number in (1, 2, 3):
            journal(empty_ledger, f"run-{number}").settle([], rejects=[reject()])
        (found,) = rows(empty_ledger, "reject", "attempts, run_id, first_seen <= last_seen")
        assert found == (3, "run-3", True)

    def test_a_reject_without_its_record_keeps_the_known_one(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], rejects=[reject()])
        mine.settle([], rejects=[reject(record=None, cause="CONFLICT")])
        assert rows(empty_ledger, "reject", "cause, record") == [("CONFLICT", {"key": "customer:1"})]

    def test_a_reject_twice_in_one_statement(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).settle([], rejects=[reject(cause="A"), reject(cause="B")])
        assert rows(empty_ledger, "reject", "cause, attempts") == [("B", 1)]

    def test_what_passes_is_cleared_and_nothing_else(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.settle([], rejects=[reject(), reject("customer:2"), reject(entity="contacts")])
        journal(empty_ledger, "run-2", "other").settle([], rejects=[reject()])
        mine.settle([], cleared=[("companies", "customer:1", ""), ("companies", "customer:9", "")])
        assert rows(empty_ledger, "reject", "connection, entity, record_key", "1, 2, 3") == [
            ("acme", "companies", "customer:2"),
            ("acme", "contacts", "customer:1"),
            ("other", "companies", "customer:1"),
        ]

    def test_an_older_version_that_is_refused_too_takes_no_newer_ones_place(
        self, empty_ledger: sa.Engine
    ) -> None:
        mine = journal(empty_ledger)
        for version, cause in (("2026-03-03T12:00:00", "A"), ("2026-03-02T12:00:00", "B")):
            mine.settle([], rejects=[reject(version=version, cause=cause)])
        assert rows(empty_ledger, "reject", "cause, version") == [("A", "2026-03-03T12:00:00")]
        mine.settle([], rejects=[reject(version="2026-03-04T12:00:00", cause="B")])
        assert rows(empty_ledger, "reject", "cause, version") == [("B", "2026-03-04T12:00:00")]

    def test_an_older_version_clears_no_newer_refusal(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        held = "2026-03-03T12:00:00"
        for version, left in (("2026-03-02T12:00:00", 1), ("2026-03-03T12:00:00.5", 0), (held, 0), ("", 0)):
            mine.settle([], rejects=[reject(version=held)])
            mine.settle([], cleared=[("companies", "customer:1", version)])
            assert len(rows(empty_ledger, "reject")) == left, version

    def test_all_of_a_settlement_or_nothing(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.intend([entry(1)])
        with pytest.raises(sa.exc.DBAPIError):
            mine.settle([end(entry(1))], identities=[identity()], rejects=[reject(record="no json")])
        assert rows(empty_ledger, "operation", "status") == [("intended",)]
        assert rows(empty_ledger, "identity") == []


class TestLostIntents:
    """What was sent, or about to be, without learning the end."""

    def test_they_come_back_oldest_first_from_any_run(self, empty_ledger: sa.Engine) -> None:
        first, second = journal(empty_ledger), journal(empty_ledger, "run-2")
        first.intend([entry(1), entry(2), entry(3, action=Action.UPDATE, hubspot_id="903")])
        first.settle([end(entry(1)), end(entry(2), "unknown")])
        second.intend([entry(4)])
        second.note([entry(5, action=Action.SKIP)])
        journal(empty_ledger, "run-3", "other").intend([entry(6)])
        lost = second.lost_intents()
        assert [(one.run_id, one.trace_id, one.key, one.hubspot_id) for one in lost] == [
            ("run-1", "t-2", "customer:2", None),
            ("run-1", "t-3", "customer:3", "903"),
            ("run-2", "t-4", "customer:4", None),
        ]
        assert lost[0].values == operation(2).values
        assert (lost[0].entity, lost[0].object_type) == ("companies", "companies")

    def test_their_ends_are_written_in_the_run_that_sent_them(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger).intend([entry(1), entry(2)])
        later = journal(empty_ledger, "run-2")
        later.settle_lost(
            [("run-1", "t-1", "confirmed", "901", "read back"), ("run-1", "t-2", "pending", None, "gone")]
        )
        assert later.lost_intents() == []
        assert rows(empty_ledger, "operation", "run_id, status, hubspot_id, message", "id") == [
            ("run-1", "confirmed", "901", "read back"),
            ("run-1", "pending", None, "gone"),
        ]
        later.settle_lost([])


class TestRuns:
    """The line of a run."""

    def test_it_begins_once(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.begin(["2026-11-21"])
        assert rows(empty_ledger, "run", "run_id, partition_from, partition_to, partitions, status") == [
            ("run-1", "2026-11-20", "2026-11-20", 1, "started")
        ]

    def test_a_range_and_none(self, empty_ledger: sa.Engine) -> None:
        journal(empty_ledger, "run-0").begin([])
        Journal(empty_ledger, "acme", "run-9").begin(["2026-11-20", "2026-11-22", "2026-11-21"])
        found = rows(empty_ledger, "run", "partition_from, partition_to, partitions", "run_id")
        assert found[-1] == ("2026-11-20", "2026-11-22", 3)

    def test_figures_add_up_over_steps(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.add_to_summary({"requests": {"hubspot": {"calls": 3, "writes": 1}}})
        mine.add_to_summary({"requests": {"hubspot": {"calls": 4}, "visma": {"calls": 2}}})
        mine.add_to_summary({"entities": {"companies": {"read": 5}}})
        assert rows(empty_ledger, "run", "summary") == [
            (
                {
                    "requests": {"hubspot": {"calls": 7, "writes": 1}, "visma": {"calls": 2}},
                    "entities": {"companies": {"read": 5}},
                },
            )
        ]

    @pytest.mark.parametrize(
        ("figures", "failed", "status"),
        [
            ({"companies": {"read": 3, "created": 3}}, False, "done"),
            ({"companies": {"created": 2, "rejected": 1}}, False, "rejects"),
            ({"contacts": {"pending": 1}}, False, "rejects"),
            ({"companies": {"conflicts": 1}}, False, "rejects"),
            ({"companies": {"created": 3}}, True, "failed"),
        ],
    )
    def test_how_it_ended(
        self, empty_ledger: sa.Engine, figures: dict[str, dict[str, int]], failed: bool, status: str
    ) -> None:
        journal(empty_ledger).add_to_summary({"entities": figures})
        journal(empty_ledger, "run-2")
        close_run(empty_ledger, "run-1", failed=failed)
        assert rows(empty_ledger, "run", "run_id, status, finished_at IS NOT NULL", "run_id") == [
            ("run-1", status, True),
            ("run-2", "started", False),
        ]
