"""Causes: what counts as waiting, edited or refused, and commands that run as printed."""

from datetime import datetime
from decimal import Decimal

import pytest

from ml_connector.reconciliation.explain import (
    Cause,
    Circumstances,
    Difference,
    Known,
    Refusal,
    agrees,
    differing,
    explain,
)
from ml_connector.reconciliation.facts import Fact, Standing
from ml_connector.settings.money import DeletionPolicy
from ml_connector_tests.reconciliation.made import EARLY, LATE, TODAY, around, fact, mirrored, windows

SENT = mirrored(fact(), customers=())


def explained(
    visma: Fact | None,
    hubspot: Fact | None,
    known: Known | None = None,
    circumstances: Circumstances | None = None,
) -> Difference:
    return explain(visma, hubspot, known or Known(SENT), circumstances or around())


@pytest.mark.parametrize(
    ("stamp", "waits"),
    [
        (EARLY, None),
        ("2026-11-17T00:00:00", None),
        ("2026-11-18T23:59:59.99", None),
        ("2026-11-19T00:00:00", "2026-11-19"),
        (LATE, "2026-11-19"),
        (TODAY, ""),
        ("", "2026-11-19"),
    ],
)
def test_a_change_waits_for_its_window(stamp: str, waits: str | None) -> None:
    assert windows().unsynced(stamp) == waits


def test_before_the_first_load_everything_waits() -> None:
    nothing = windows(loaded=())
    assert (nothing.unsynced(EARLY), nothing.newest) == ("2026-11-17", None)


def test_a_value_that_visma_still_has_as_it_was_sent_was_edited_in_hubspot() -> None:
    found = explained(fact(), mirrored(fact(), balance=Decimal(0)))
    assert (found.cause, found.fields) == (Cause.EDITED, ("balance",))
    assert found.detail == "HubSpot's balance is not what was last sent, which is still right."


def test_a_value_that_changed_in_visma_since_it_was_sent_was_not_edited() -> None:
    changed = fact(balance=Decimal(100), stamp=LATE)
    assert explained(changed, mirrored(fact())).cause is Cause.NOT_SYNCED


def test_a_value_that_changed_in_visma_without_a_new_stamp_is_unknown() -> None:
    found = explained(fact(balance=Decimal(100)), mirrored(fact()))
    assert (found.cause, found.detail) == (
        Cause.UNKNOWN,
        "The two differ in balance, although its window is loaded.",
    )


def test_a_payment_of_a_window_to_come_explains_a_balance() -> None:
    paid = fact(balance=Decimal(0), status="Closed", shown="paid")
    found = explained(paid, mirrored(fact()), None, around(settled={paid.key: LATE}))
    assert (found.cause, found.detail) == (
        Cause.NOT_SYNCED,
        "It changed in window 2026-11-19, which is not loaded yet.",
    )


def test_an_edit_is_one_although_the_document_also_waits() -> None:
    found = explained(fact(stamp=LATE), mirrored(fact(), amount=Decimal(1)))
    assert found.cause is Cause.EDITED


def test_a_shown_status_that_a_person_changed_was_edited() -> None:
    found = explained(fact(), mirrored(fact(), shown="paid"))
    assert (found.cause, found.fields) == (Cause.EDITED, ("status",))


def test_a_refusal_is_quoted_and_says_when_it_was_put_aside() -> None:
    refused = Known(refusal=Refusal("The portal lacks SEK.", dismissed=True))
    found = explained(fact(), None, refused)
    assert (found.cause, found.detail) == (
        Cause.REJECTED,
        "The portal lacks SEK. It was put aside by a person.",
    )


def test_a_refusal_of_a_later_version_explains_what_hubspot_still_shows() -> None:
    refused = Known(SENT, Refusal("The portal lacks SEK."))
    found = explained(fact(amount=Decimal(1)), mirrored(fact()), refused)
    assert (found.cause, found.fields) == (Cause.REJECTED, ("amount",))


def test_a_draft_that_is_voided_in_both_agrees() -> None:
    voided = fact(standing=Standing.VOIDED, status="Voided", shown="voided")
    assert agrees(voided, mirrored(voided, standing=Standing.DRAFT, shown="draft"))
    assert not agrees(fact(), mirrored(fact(), standing=Standing.DRAFT, shown="draft"))


def test_what_is_not_loaded_begins_where_the_last_window_without_a_gap_ended() -> None:
    assert windows().unsynced_since == datetime(2026, 11, 19)
    assert windows(("2026-11-17", "2026-11-19")).unsynced_since == datetime(2026, 11, 18)
    assert windows(("2026-11-17", "2026-11-18", "2026-11-19")).unsynced_since == datetime(2026, 11, 20)
    assert windows(("2026-11-18",)).unsynced_since is None


def test_a_draft_says_what_it_waits_for() -> None:
    draft = mirrored(fact(), standing=Standing.DRAFT, shown="draft", note="line:Invoice:100001:2 is missing")
    assert explained(fact(), draft).detail == "line:Invoice:100001:2 is missing"


def test_a_document_on_another_company_names_both_customers() -> None:
    found = explained(fact(), mirrored(fact(), customers=("10009",)))
    assert (found.cause, found.detail) == (
        Cause.MISSING_LINK,
        "HubSpot links it to customer 10009, Visma has it on customer 10001.",
    )


@pytest.mark.parametrize(
    ("standing", "cause", "detail"),
    [
        (Standing.DRAFT, Cause.DRAFT, "it waits"),
        (Standing.RELEASED, Cause.MISSING_LINK, "customer:10001 is refused: 2 companies fit"),
    ],
)
def test_what_belongs_to_a_refused_customer_waits_for_a_person_and_no_sync(
    standing: Standing, cause: Cause, detail: str
) -> None:
    unlinked = mirrored(fact(), standing=standing, customers=(), note="it waits")
    found = explained(fact(), unlinked, None, around(refused={"10001": "2 companies fit"}))
    assert (found.cause, found.detail) == (cause, detail)
    assert found.command == "ml-connector rejects acme list"
    assert explained(fact(), unlinked, None, around(refused={"10002": "no"})).command != found.command


def test_a_transaction_without_a_customer_may_be_linked_to_any() -> None:
    sale = fact("transaction:GL:1", customers=(), status="", shown="")
    assert differing(sale, mirrored(sale, customers=("10001",))) == ()


@pytest.mark.parametrize(
    ("policy", "says"),
    [(DeletionPolicy.FLAG, "deletions: archive"), (DeletionPolicy.ARCHIVE, "A repair archives it")],
)
def test_a_deleted_document_says_what_the_policy_does(policy: DeletionPolicy, says: str) -> None:
    found = explained(None, mirrored(fact()), None, around(deletions=policy))
    assert found.cause is Cause.DELETED_IN_VISMA
    assert says in found.detail


@pytest.mark.parametrize(
    ("visma", "hubspot", "known", "command"),
    [
        (fact(stamp=LATE), None, Known(), "ml-connector sync acme"),
        (fact(), None, Known(refusal=Refusal("no")), "ml-connector rejects acme list"),
        (
            fact(),
            mirrored(fact(), standing=Standing.DRAFT),
            Known(SENT),
            "ml-connector sync acme --partition 2026-11-18",
        ),
        (fact(), mirrored(fact(), amount=None), Known(SENT), "ml-connector reconcile acme --repair"),
        (fact(), None, Known(SENT), "ml-connector reconcile acme --repair"),
        (None, mirrored(fact()), Known(SENT), "ml-connector reconcile acme --repair"),
    ],
)
def test_each_cause_has_its_command(
    visma: Fact | None, hubspot: Fact | None, known: Known, command: str
) -> None:
    assert explained(visma, hubspot, known).command == command
