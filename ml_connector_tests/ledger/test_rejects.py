"""Rejects as people see them: listed by name and cause, and put aside."""

import sqlalchemy as sa

from ml_connector.ledger.rejects import dismiss, open_rejects
from ml_connector_tests.ledger.rows import journal, reject


def listed(engine: sa.Engine) -> list[tuple[str, str, str]]:
    return [(one.entity, one.cause, one.record) for one in open_rejects(engine, "acme")]


def test_they_are_listed_by_entity_cause_and_name(empty_ledger: sa.Engine) -> None:
    journal(empty_ledger).settle(
        [],
        rejects=[
            reject("customer:2", cause="B"),
            reject("customer:3", cause="A"),
            reject("contact:1", entity="contacts"),
            reject("customer:1", cause="B"),
        ],
    )
    journal(empty_ledger, "run-2", "other").settle([], rejects=[reject()])
    assert listed(empty_ledger) == [
        ("companies", "A", "customer:3"),
        ("companies", "B", "customer:1"),
        ("companies", "B", "customer:2"),
        ("contacts", "VALIDATION_ERROR", "contact:1"),
    ]


def test_one_says_everything_a_person_needs(empty_ledger: sa.Engine) -> None:
    journal(empty_ledger).settle([], rejects=[reject()])
    (one,) = open_rejects(empty_ledger, "acme")
    shown = one.as_dict()
    assert shown["record"] == "customer:1"
    assert (shown["message"], shown["remedy"]) == ("It was refused.", "Correct it.")
    assert (shown["attempts"], shown["run_id"]) == (1, "run-1")
    assert shown["first_seen"] == one.first_seen.isoformat(timespec="seconds")


def test_one_put_aside_stays_aside_while_it_is_refused_for_the_same_cause(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle([], rejects=[reject(), reject("customer:2")])
    assert dismiss(empty_ledger, "acme", "customer:1", "a test customer")
    assert listed(empty_ledger) == [("companies", "VALIDATION_ERROR", "customer:2")]
    mine.settle([], rejects=[reject()])
    assert listed(empty_ledger) == [("companies", "VALIDATION_ERROR", "customer:2")]
    mine.settle([], rejects=[reject(cause="CONFLICT")])
    assert ("companies", "CONFLICT", "customer:1") in listed(empty_ledger)


def test_only_what_is_refused_can_be_put_aside(empty_ledger: sa.Engine) -> None:
    journal(empty_ledger, "run-2", "other").settle([], rejects=[reject()])
    assert not dismiss(empty_ledger, "acme", "customer:1", "")
    assert dismiss(empty_ledger, "other", "customer:1", "")
