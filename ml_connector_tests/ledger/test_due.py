"""Which refused records are tried again and when: at once, then ever later, and at once where something changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from ml_connector.errors import UsageError
from ml_connector.ledger.due import DueReader, Selection
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.rejects import Rejects
from ml_connector_tests.ledger.rows import reject, rows

SETTINGS = {"name": "acme", "matching": {"rules": ["domain", "phone"]}}
OTHERS = {"name": "acme", "matching": {"rules": ["phone", "domain"]}}
EMAIL = Selection(cause="email-refused")


def refuse(engine: sa.Engine, run: str, *refused: Any, settings: Any = SETTINGS) -> None:
    """Refuse records in a run under some settings."""
    journal = Journal(engine, "acme", run)
    journal.begin(["2026-11-20"], About("sync", settings=settings))
    journal.settle([], rejects=refused or [reject()])


def pass_time(engine: sa.Engine, **time: int) -> None:
    """Let everything be refused so much longer ago."""
    with engine.begin() as database:
        database.execute(sa.update(TABLE).values(due_at=TABLE.c.due_at - timedelta(**time)))


TABLE = sa.table("reject", sa.column("due_at", sa.DateTime(timezone=True)), schema="ml_connector")


def reader(engine: sa.Engine, settings: Any = SETTINGS, only: Selection | None = None) -> DueReader:
    return DueReader(engine, "acme", settings, only)


def due(engine: sa.Engine, settings: Any = SETTINGS, only: Selection | None = None) -> list[str]:
    return [one.key for one in reader(engine, settings, only).due("companies")]


def waiting(engine: sa.Engine) -> list[str]:
    return [one.key for one in reader(engine).waiting("companies")]


def wait_hours(engine: sa.Engine) -> float | None:
    ((moment,),) = rows(engine, "reject", "due_at")
    return None if moment is None else (moment - datetime.now(UTC)) / timedelta(hours=1)


class TestWaiting:
    """How long a refused record waits."""

    def test_the_first_time_it_is_due_in_the_next_run(self, empty_ledger: sa.Engine) -> None:
        refuse(empty_ledger, "run-1")
        assert (due(empty_ledger), waiting(empty_ledger)) == (["customer:1"], [])

    def test_then_ever_later_up_to_a_week(self, empty_ledger: sa.Engine) -> None:
        waits: list[float | None] = []
        for number in range(14):
            refuse(empty_ledger, f"run-{number}")
            waits.append(wait_hours(empty_ledger))
        rounded = [wait and round(wait) for wait in waits]
        assert rounded == [None, 1, 2, 4, 8, 16, 32, 64, 128, 168, 168, 168, 168, 168]
        assert (due(empty_ledger), waiting(empty_ledger)) == ([], ["customer:1"])
        pass_time(empty_ledger, hours=169)
        assert (due(empty_ledger), waiting(empty_ledger)) == (["customer:1"], [])

    @pytest.mark.parametrize(
        "changes", [{"version": "2026-11-21T06:35:22"}, {"cause": "email-refused"}], ids=["version", "cause"]
    )
    def test_another_version_or_cause_begins_anew(
        self, empty_ledger: sa.Engine, changes: dict[str, str]
    ) -> None:
        for number in range(3):
            refuse(empty_ledger, f"run-{number}")
        refuse(empty_ledger, "run-4", reject(**changes))
        assert rows(empty_ledger, "reject", "attempts, due_at") == [(1, None)]

    def test_other_settings_make_it_due_and_begin_anew(self, empty_ledger: sa.Engine) -> None:
        for number in range(3):
            refuse(empty_ledger, f"run-{number}")
        assert due(empty_ledger) == []
        assert due(empty_ledger, OTHERS) == ["customer:1"]
        refuse(empty_ledger, "run-4", settings=OTHERS)
        assert rows(empty_ledger, "reject", "attempts, due_at") == [(1, None)]

    def test_what_only_waits_for_something_else_is_due_in_every_run(self, empty_ledger: sa.Engine) -> None:
        for number in range(5):
            refuse(empty_ledger, f"run-{number}", reject(cause="company-missing"))
        assert rows(empty_ledger, "reject", "attempts, due_at") == [(5, None)]

    def test_when_it_was_first_refused_stays(self, empty_ledger: sa.Engine) -> None:
        refuse(empty_ledger, "run-1")
        ((first,),) = rows(empty_ledger, "reject", "first_seen")
        refuse(empty_ledger, "run-2", reject(cause="email-refused", version="new"))
        assert rows(empty_ledger, "reject", "first_seen = last_seen, first_seen") == [(False, first)]


class TestChosen:
    """What a plan takes up."""

    def test_of_this_entity_and_connection_and_not_put_aside_and_with_a_record(
        self, empty_ledger: sa.Engine
    ) -> None:
        refuse(
            empty_ledger,
            "run-1",
            *(reject(f"customer:{number}") for number in range(4)),
            reject("customer:x", record=None),
            reject(entity="contacts"),
        )
        other = Journal(empty_ledger, "other", "run-2")
        other.begin(["2026-11-20"])
        other.settle([], rejects=[reject("customer:9")])
        Rejects(empty_ledger, "acme", SETTINGS).dismiss(Selection(record="customer:3"), "not ours")
        found = reader(empty_ledger).due("companies")
        assert [one.key for one in found] == ["customer:0", "customer:1", "customer:2"]
        assert (found[0].record, found[0].partition, found[0].attempts) == (
            {"key": "customer:1"},
            "2026-11-20",
            1,
        )

    def test_a_retry_takes_the_chosen_ones_alone_whenever_they_are_due(self, empty_ledger: sa.Engine) -> None:
        for number in range(2):
            refuse(
                empty_ledger,
                f"run-{number}",
                reject("customer:1", cause="email-refused"),
                reject("customer:2"),
                reject("customer:3", cause="option-missing:industry"),
                reject("contact:4", entity="contacts", cause="email-refused"),
            )
        assert due(empty_ledger, only=EMAIL) == ["customer:1"]
        assert due(empty_ledger, only=Selection(cause="option-missing")) == ["customer:3"]
        assert due(empty_ledger, only=Selection(record="customer:2")) == ["customer:2"]
        assert due(empty_ledger, only=Selection()) == ["customer:1", "customer:2", "customer:3"]
        assert list(reader(empty_ledger, only=EMAIL).waiting("companies")) == []
        assert reader(empty_ledger, only=EMAIL).retried() == frozenset({"customer:1", "contact:4"})
        assert reader(empty_ledger).retried() is None

    def test_a_cause_is_no_pattern(self, empty_ledger: sa.Engine) -> None:
        refuse(empty_ledger, "run-1", reject(cause="option-missing:industry"))
        assert due(empty_ledger, only=Selection(cause="option%")) == []
        assert due(empty_ledger, only=Selection(cause="option")) == []


@pytest.mark.parametrize("text", ["all", "cause:option-missing:industry", "record:customer:10023"])
def test_a_selection_is_its_text(text: str) -> None:
    assert str(Selection.parse(text)) == text


@pytest.mark.parametrize("text", ["", "cause:", "record:", "every", "all:x", "customer:10023"])
def test_another_text_selects_nothing(text: str) -> None:
    with pytest.raises(UsageError):
        Selection.parse(text)
