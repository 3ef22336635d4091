"""Which values would be sent: policies, empty values, choices that add up, and stamps that are never a reason."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.plan.merging import Change, changes, fingerprint, mark_of
from ml_connector.settings.merging import MergingSettings, Policy


def defined(name: str, kind: str) -> PropertyDefinition:
    return PropertyDefinition(name, name, kind, "text", "g", (), (), False, False, False)


DEFINITIONS = {
    "phone": defined("phone", "phone_number"),
    "visma_relationship": defined("visma_relationship", "enumeration"),
    "visma_last_modified": defined("visma_last_modified", "datetime"),
}


def sent(
    wanted: Mapping[str, str | None],
    held: Mapping[str, str | None] | None,
    policies: dict[str, Policy] | None = None,
    clear: frozenset[str] = frozenset(),
) -> dict[str, str]:
    found = changes(wanted, held, policies=policies or {}, clear_on_null=clear, definitions=DEFINITIONS)
    return {name: change.new for name, change in found.items()}


O, F, N = Policy.OVERWRITE, Policy.FILL_BLANK, Policy.NEVER_AFTER_CREATE  # noqa: E741


@pytest.mark.parametrize(
    ("policy", "new", "old", "clear", "expected"),
    [
        # overwrite: Visma's value wins, and an empty one says it is empty
        (O, "Oslo", "Bergen", False, "Oslo"),
        (O, "Oslo", None, False, "Oslo"),
        (O, "Oslo", "Oslo", False, None),
        (O, "Oslo", " Oslo ", False, None),
        (O, "", "Bergen", False, ""),
        (O, "", None, False, None),
        (O, None, "Bergen", False, None),  # null clears nothing
        (O, None, "Bergen", True, ""),  # unless the connection says so
        (O, None, None, True, None),
        # fill_blank: only where nothing is
        (F, "Oslo", "Bergen", False, None),
        (F, "Oslo", None, False, "Oslo"),
        (F, "Oslo", "", False, "Oslo"),
        (F, None, "Bergen", True, None),
        # never_after_create: not once the record exists
        (N, "Oslo", "Bergen", False, None),
        (N, "Oslo", None, False, None),
        (N, None, "Bergen", True, None),
    ],
)
def test_policies_on_an_existing_record(
    policy: Policy, new: str | None, old: str | None, clear: bool, expected: str | None
) -> None:
    found = sent({"city": new}, {"city": old}, {"city": policy}, frozenset({"city"} if clear else ()))
    assert found == ({} if expected is None else {"city": expected})


@pytest.mark.parametrize("policy", list(Policy))
def test_every_policy_writes_on_a_new_record(policy: Policy) -> None:
    wanted = {"city": "Oslo", "zip": None, "state": ""}
    assert sent(wanted, None, dict.fromkeys(wanted, policy), frozenset({"zip"})) == {"city": "Oslo"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, "customer", "customer"),
        ("", "customer", "customer"),
        ("supplier", "customer", "customer;supplier"),
        ("customer", "customer", None),
        ("supplier;customer", "customer", None),
        ("partner", "customer;supplier", "customer;partner;supplier"),  # a choice of the portal's own stays
    ],
)
def test_choices_are_added(old: str | None, new: str, expected: str | None) -> None:
    found = sent({"visma_relationship": new}, {"visma_relationship": old})
    assert found == ({} if expected is None else {"visma_relationship": expected})


class TestStamps:
    """A restamped row says nothing new."""

    def test_alone_they_are_no_reason_to_write(self) -> None:
        wanted = {"city": "Oslo", "visma_last_modified": "2026-11-20T05:35:22.153Z"}
        assert sent(wanted, {"city": "Oslo", "visma_last_modified": "2026-11-19T05:35:22.153Z"}) == {}

    def test_they_travel_with_other_changes(self) -> None:
        wanted = {"city": "Oslo", "visma_last_modified": "2026-11-20T05:35:22.153Z"}
        assert sent(wanted, {"city": "Bergen"}) == wanted

    def test_they_are_no_part_of_the_fingerprint(self) -> None:
        first = fingerprint({"city": "Oslo", "visma_last_modified": "a"}, "rules")
        assert fingerprint({"city": "Oslo", "visma_last_modified": "b"}, "rules") == first
        assert fingerprint({"city": "Voss", "visma_last_modified": "a"}, "rules") != first


class TestMark:
    """What stands for the settings of merging in every fingerprint."""

    def test_it_is_what_earlier_versions_made_of_the_same_settings(self) -> None:
        """Another text would make every record that was ever synced a changed one."""
        assert mark_of(MergingSettings()) == (
            '{"companies":{"domain":"fill_blank"},"contacts":{"firstname":"fill_blank","lastname":"fill_blank",'
            '"jobtitle":"fill_blank","email":"fill_blank"},"clear_on_null":[]}'
        )

    def test_another_policy_is_another_mark(self) -> None:
        assert mark_of(MergingSettings(companies={"domain": Policy.OVERWRITE})) != mark_of(MergingSettings())

    def test_the_order_of_a_set_is_no_other_mark(self) -> None:
        names = ["phone", "city", "zip", "state", "jobtitle"]
        marks = {mark_of(MergingSettings(clear_on_null=frozenset(some))) for some in (names, names[::-1])}
        assert len(marks) == 1
        assert '"clear_on_null":["city","jobtitle","phone","state","zip"]' in marks.pop()


def test_values_compare_as_hubspot_keeps_them() -> None:
    assert sent({"phone": "+4722334455"}, {"phone": "+47 22 33 44 55"}) == {}


def test_a_change_tells_the_old_value() -> None:
    found = changes(
        {"city": "Oslo"}, {"city": "Voss"}, policies={}, clear_on_null=frozenset(), definitions={}
    )
    assert found == {"city": Change("Voss", "Oslo")}


texts = st.dictionaries(st.sampled_from("abcd"), st.none() | st.text(max_size=3), max_size=4)


@given(texts, texts, st.dictionaries(st.sampled_from("abcd"), st.sampled_from(list(Policy))))
def test_what_was_written_is_not_written_again(
    wanted: dict[str, Any], held: dict[str, Any], policies: dict[str, Policy]
) -> None:
    written = {**held, **sent(wanted, held, policies)}
    assert sent(wanted, written, policies) == {}


@given(texts, texts)
def test_fingerprints_are_of_content_and_rules(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert (fingerprint(first, "r") == fingerprint(second, "r")) == (first == second)
    assert fingerprint(first, "r") != fingerprint(first, "s")
    assert fingerprint(dict(reversed(first.items())), "r") == fingerprint(first, "r")
