"""Rejects as people see them: grouped by cause, listed by name, asked for again, and put aside."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ml_connector.ledger.due import DueReader, Selection
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.rejects import Rejects
from ml_connector_tests.ledger.rows import journal, reject, rows

SETTINGS = {"name": "acme"}
ONE = Selection(record="customer:1")


@pytest.fixture
def rejects(empty_ledger: sa.Engine) -> Rejects:
    return Rejects(empty_ledger, "acme", SETTINGS)


def refuse(engine: sa.Engine, run: str = "run-1", *keys: str) -> None:
    """Refuse two companies and a contact for an address, and one company for an option."""
    mine = Journal(engine, "acme", run)
    mine.begin(["2026-11-20"], About("sync", settings=SETTINGS))
    mine.settle(
        [],
        rejects=[
            reject("customer:2", cause="email-refused"),
            reject("customer:1", cause="email-refused"),
            reject("contact:1", entity="contacts", cause="email-refused"),
            reject("customer:3", cause="option-missing:industry"),
        ],
    )


def listed(rejects: Rejects, *, dismissed: bool = False) -> list[tuple[str, str, str]]:
    return [(one.cause, one.entity, one.record) for one in rejects.each(dismissed=dismissed)]


class TestGroups:
    """Rejects by cause."""

    def test_the_most_frequent_cause_comes_first_with_what_to_do(
        self, empty_ledger: sa.Engine, rejects: Rejects
    ) -> None:
        refuse(empty_ledger)
        journal(empty_ledger, "run-2", "other").settle([], rejects=[reject()])
        emails, options = rejects.groups()
        assert (emails.cause.name, emails.count, emails.entities) == (
            "email-refused",
            3,
            {"companies": 2, "contacts": 1},
        )
        assert emails.cause.remedy == "Correct the e-mail address in Visma."
        assert (options.cause.title, options.count) == (
            "The value of industry is not one of its options in HubSpot.",
            1,
        )
        assert (emails.waiting, emails.next_try, emails.attempts) == (0, None, 1)

    def test_they_say_how_old_and_how_often_and_when_next(
        self, empty_ledger: sa.Engine, rejects: Rejects
    ) -> None:
        refuse(empty_ledger)
        refuse(empty_ledger, "run-2")
        with empty_ledger.begin() as database:
            old = "UPDATE ml_connector.reject SET first_seen = first_seen - interval '50 hours'"
            database.execute(sa.text(f"{old} WHERE record_key = 'customer:2'"))
        emails = rejects.groups()[0]
        now = datetime.now(UTC)
        shown = emails.as_dict(now)
        assert (shown["age_days"], shown["attempts"], shown["waiting"]) == (2, 2, 3)
        assert emails.next_try is not None
        assert timedelta(minutes=59) < emails.next_try - now <= timedelta(hours=1)
        assert shown["where"] == "visma"

    def test_some_of_them_only(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        assert [group.count for group in rejects.groups(Selection(cause="option-missing"))] == [1]
        assert [group.count for group in rejects.groups(ONE)] == [1]
        assert [group.entities for group in rejects.groups(entities=["contacts"])] == [{"contacts": 1}]

    def test_how_many_another_run_had_refused(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        journal(empty_ledger, "run-2").settle([], rejects=[reject("customer:2", cause="email-refused")])
        assert [group.count for group in rejects.groups(but_for_run="run-2")] == [2, 1]

    def test_the_first_keys_of_each(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        assert rejects.keys(2) == {
            "email-refused": ["contact:1", "customer:1"],
            "option-missing:industry": ["customer:3"],
        }
        assert rejects.keys(None)["email-refused"] == ["contact:1", "customer:1", "customer:2"]


class TestEach:
    """Rejects by name."""

    def test_by_cause_entity_and_key(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        assert listed(rejects) == [
            ("email-refused", "companies", "customer:1"),
            ("email-refused", "companies", "customer:2"),
            ("email-refused", "contacts", "contact:1"),
            ("option-missing:industry", "companies", "customer:3"),
        ]

    def test_one_says_everything_a_person_needs(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        (one,) = rejects.each(Selection(record="customer:3"))
        shown = one.as_dict()
        assert (shown["record"], shown["message"]) == ("customer:3", "It was refused.")
        assert shown["remedy"].startswith("Add the option to the property")
        assert (shown["attempts"], shown["run_id"], shown["next_try"]) == (1, "run-1", None)
        assert shown["first_seen"] == one.first_seen.isoformat(timespec="seconds")


class TestAside:
    """Putting rejects aside and taking them back."""

    def test_one_stays_aside_while_it_is_refused_for_the_same_cause(
        self, empty_ledger: sa.Engine, rejects: Rejects
    ) -> None:
        refuse(empty_ledger)
        assert rejects.dismiss(ONE, "a test customer") == 1
        assert ("email-refused", "companies", "customer:1") not in listed(rejects)
        refuse(empty_ledger, "run-2")
        assert listed(rejects, dismissed=True) == [("email-refused", "companies", "customer:1")]
        assert next(rejects.each(dismissed=True)).note == "a test customer"
        journal(empty_ledger, "run-3").settle([], rejects=[reject(cause="value-refused")])
        assert ("value-refused", "companies", "customer:1") in listed(rejects)

    def test_a_whole_cause(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        assert rejects.dismiss(Selection(cause="email-refused"), "") == 3
        assert [group.cause.name for group in rejects.groups()] == ["option-missing:industry"]
        assert [group.count for group in rejects.groups(dismissed=True)] == [3]
        assert rejects.dismiss(Selection(cause="email-refused"), "") == 0

    def test_only_what_is_refused_can_be_put_aside(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        journal(empty_ledger, "run-2", "other").settle([], rejects=[reject()])
        assert rejects.dismiss(ONE, "") == 0
        assert Rejects(empty_ledger, "other", SETTINGS).dismiss(ONE, "") == 1


class TestAgain:
    """Asking for rejects again."""

    def test_makes_them_due_as_if_for_the_first_time(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        for number in range(4):
            refuse(empty_ledger, f"run-{number}")
        assert rejects.make_due(Selection(cause="email-refused")) == 3
        due = DueReader(empty_ledger, "acme", SETTINGS)
        assert [one.key for one in due.due("companies")] == ["customer:1", "customer:2"]
        assert [one.key for one in due.waiting("companies")] == ["customer:3"]
        refuse(empty_ledger, "run-5")
        assert rows(empty_ledger, "reject", "attempts, due_at IS NULL", "record_key") == [
            (1, True),
            (1, True),
            (1, True),
            (5, False),
        ]

    def test_one_that_is_named_comes_back_from_aside(self, empty_ledger: sa.Engine, rejects: Rejects) -> None:
        refuse(empty_ledger)
        rejects.dismiss(ONE, "a test customer")
        assert rejects.make_due(Selection()) == 3
        assert rejects.make_due(Selection(cause="email-refused")) == 2
        assert len(listed(rejects, dismissed=True)) == 1
        assert rejects.make_due(ONE) == 1
        assert listed(rejects, dismissed=True) == []
        assert len(listed(rejects)) == 4
