"""Why a property is as it is: each rule of merging, each way a value may differ, and what HubSpot was not asked."""

from collections.abc import Mapping
from typing import Any

import pytest

from ml_connector.audit.fields import Field, Known, fields, rules_of
from ml_connector.audit.present import Present, Write
from ml_connector_tests.audit.made import done, written

OURS = written("city", "Oslo", 0, ours=True)
THEIRS = written("city", "Bergen", 5)


def verdict(wanted: str | None, hubspot: str | None, *writes: Write, **changes: Any) -> Field:
    """The verdict on the city of a record whose HubSpot value is as told."""
    values: Mapping[str, Any] = {
        "wanted": {"city": wanted},
        "held": {},
        "present": Present("there", "901", {"city": hubspot}, writes),
        "policies": {},
        "cleared": frozenset(),
        "operations": (),
    }
    (found,) = fields(Known(**{**values, **changes}))
    return found


@pytest.mark.parametrize(
    ("policy", "newest", "state", "why"),
    [
        ("overwrite", THEIRS, "changed", "changed since by a person in HubSpot (user 42) on 2026-11-20"),
        ("overwrite", OURS, "waiting", "not written yet"),
        ("fill_blank", THEIRS, "kept", "fill_blank writes only where HubSpot has nothing"),
        ("fill_blank", OURS, "kept", "fill_blank writes only where HubSpot has nothing"),
        ("never_after_create", THEIRS, "kept", "never_after_create writes only when the record is made"),
        ("overwrite_unless_edited", THEIRS, "kept", "leaves alone what somebody changed"),
        ("overwrite_unless_edited", OURS, "waiting", "not written yet"),
        ("flag_if_edited", THEIRS, "kept", "reports it"),
        ("a_rule_of_tomorrow", THEIRS, "changed", "changed since"),
    ],
)
def test_each_policy_says_why_a_value_stays_or_goes(policy: str, newest: Write, state: str, why: str) -> None:
    found = verdict("Ålesund", newest.value, newest, policies={"city": policy})
    assert (found.state, found.policy) == (state, policy)
    assert why in found.why


def test_who_changed_a_kept_value_is_told() -> None:
    found = verdict("Ålesund", "Bergen", THEIRS, OURS, policies={"city": "fill_blank"})
    assert "written by a person in HubSpot (user 42) on 2026-11-20" in found.why


@pytest.mark.parametrize(("newer", "when"), [(True, "newer version writes it"), (False, "changes in Visma")])
def test_when_a_value_is_written_is_told(newer: bool, when: str) -> None:
    assert when in verdict("Ålesund", "Bergen", THEIRS, newer=newer).why
    assert when in verdict("Ålesund", "Oslo", OURS, newer=newer).why


def test_no_value_in_visma_keeps_what_is_there_unless_it_clears() -> None:
    kept = verdict(None, "Bergen", THEIRS)
    assert (kept.state, kept.visma) == ("kept", None)
    assert "clear_on_null does not name" in kept.why
    assert verdict(None, "Bergen", THEIRS, cleared=frozenset({"city"})).state == "changed"


def test_a_value_that_is_as_it_should_be_says_who_brought_it() -> None:
    made = done(values={"city": "Oslo"})
    assert verdict("Oslo", "Oslo", OURS, operations=[made]).why == "written by run run-1 on 2026-11-20"
    assert "already, written by a person" in verdict("Oslo", "Oslo", written("city", "Oslo", 0)).why
    assert verdict("Oslo", "Oslo").why == "HubSpot held it already"
    refused = done(values={"city": "Oslo"}, status="rejected")
    assert verdict("Oslo", "Oslo", operations=[refused]).why == "HubSpot held it already"


def test_an_edit_that_a_run_has_met_is_kept_without_asking_hubspot() -> None:
    changes = {"policies": {"city": "overwrite_unless_edited"}, "held": {"city": "Oslo"}, "present": None}
    assert verdict("Ålesund", None, edited={"city": "kept"}, **changes).state == "kept"
    assert verdict("Ålesund", None, edited={"city": "overwritten"}, **changes).state == "waiting"


def test_without_hubspot_the_ledger_says_what_it_knows() -> None:
    assert verdict("Oslo", None, present=None, held={"city": "Oslo"}).state == "same"
    unknown = verdict("Oslo", None, present=None)
    assert (unknown.state, unknown.why) == ("unknown", "HubSpot was not asked what it holds")


def test_a_refused_record_waits() -> None:
    assert "refused: the portal lacks it" in verdict("Oslo", "", refused="the portal lacks it").why


def test_what_is_written_but_wanted_no_more_is_said() -> None:
    known = Known(
        {}, {}, Present("there", "901", {"city": "Oslo"}), {}, frozenset(), [done(values={"city": "Oslo"})]
    )
    assert [(one.state, one.hubspot) for one in fields(known)] == [("unknown", "Oslo")]


def test_a_multi_select_holds_at_least_ours_and_a_stamp_is_no_reason() -> None:
    wanted = {"visma_relationship": "customer", "visma_last_modified": "2026-11-20T00:00:00Z", "fax": None}
    held = {"visma_relationship": "supplier;customer", "visma_last_modified": "2026-11-19T00:00:00Z"}
    known = Known(wanted, {}, Present("there", "901", held), {}, frozenset(), ())
    found = {one.name: one for one in fields(known)}
    assert found["visma_relationship"].state == "same"
    assert "no reason to write" in found["visma_last_modified"].why
    assert "fax" not in found, "empty on both sides says nothing"
    assert list(found) == ["visma_last_modified", "visma_relationship"], "what differs comes first"


def test_rules_are_read_from_the_settings_of_a_run() -> None:
    merging = {
        "companies": {"domain": "fill_blank"},
        "contacts": {"email": "fill_blank"},
        "clear_on_null": ["companies.phone", "contacts.fax", "city"],
    }
    assert rules_of({"merging": merging}, "companies") == (
        {"domain": "fill_blank"},
        frozenset({"phone", "city"}),
    )
    made = {"hs_invoice_billable": "never_after_create"}
    assert rules_of({"merging": merging}, "invoices") == (made, frozenset({"city"}))
    assert rules_of({}, "companies") == ({}, frozenset())
