"""Merging: which of a record's values would be sent, given what HubSpot holds and who wins per property. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.records.model import Properties
from ml_connector.settings.merging import MergingSettings, Policy

STAMP_PROPERTIES = frozenset({"visma_last_modified"})
"""Properties that travel with other changes but are never a reason to write: Visma restamps rows without changing
them (reference: visma 3.2), and ten thousand writes that say nothing new help nobody."""

UNION_PROPERTIES = frozenset({"visma_relationship"})
"""Multi-selects whose options are added to those HubSpot holds: a company that is a customer may be a supplier too."""


class Outcome(StrEnum):
    """What merging decides about one value, in the words of scripts."""

    SET = "set"
    EQUAL = "equal"
    NO_VALUE = "no_value"
    KEPT_FILLED = "kept_filled"
    KEPT_AFTER_CREATE = "kept_after_create"


@dataclass(frozen=True, slots=True)
class Change:
    """One value that would be sent: what HubSpot holds (None for nothing) and the new value (empty text clears)."""

    old: str | None
    new: str


def changes(
    wanted: Properties,
    held: Properties | None,
    *,
    policies: Mapping[str, Policy],
    clear_on_null: frozenset[str],
    definitions: Mapping[str, PropertyDefinition],
) -> dict[str, Change]:
    """Return the values to send, by property.

    Args:
        wanted: the record's values; None says nothing, empty text says it is empty.
        held: what HubSpot holds, or None for a record that is to be created.
        policies: who wins, per property; a property not named is overwritten.
        clear_on_null: properties that a None clears.
        definitions: the portal's properties; they say how values are compared.
    """
    found: dict[str, Change] = {}
    for name, value in wanted.items():
        policy = policies.get(name, Policy.OVERWRITE)
        outcome, new = decide(
            name, value, held, policy=policy, clears=name in clear_on_null, definition=definitions.get(name)
        )
        if outcome is Outcome.SET:
            found[name] = Change((held.get(name) if held is not None else None) or None, new)
    return {} if STAMP_PROPERTIES.issuperset(found) else found


def decide(
    name: str,
    value: str | None,
    held: Properties | None,
    *,
    policy: Policy,
    clears: bool,
    definition: PropertyDefinition | None,
) -> tuple[Outcome, str]:
    """Return what is decided about one value, and the value that would be sent if it is :attr:`Outcome.SET`.

    The arguments are those of :func:`changes`, for one property.
    """
    old = held.get(name) if held is not None else None
    new = "" if value is None and clears else value
    if new is None:
        return Outcome.NO_VALUE, ""
    if held is not None and policy is Policy.NEVER_AFTER_CREATE:
        return Outcome.KEPT_AFTER_CREATE, new
    if held is not None and policy is Policy.FILL_BLANK and old:
        return Outcome.KEPT_FILLED, new
    if name in UNION_PROPERTIES:
        new = _union(old, new)
    return (Outcome.EQUAL if same_value(name, new, old, definition) else Outcome.SET), new


def _union(old: str | None, new: str) -> str:
    """Return the options of both multi-select values, sorted, in HubSpot's ``a;b`` form."""
    return ";".join(sorted({option for value in (old, new) for option in (value or "").split(";") if option}))


def mark_of(merging: MergingSettings) -> str:
    """Return a text that stands for the settings of merging: the same in every process, and as long as they are.

    Nothing else belongs in it. What is mapped is among the values a fingerprint is made of, matching concerns records
    that have none yet, and what is not taken is told before it is asked for.
    """
    written = merging.model_dump(mode="json")
    return json.dumps({**written, "clear_on_null": sorted(written["clear_on_null"])}, separators=(",", ":"))


def fingerprint(wanted: Properties, rules: str) -> str:
    """Return 32 hex digits that stay equal while a record wants the same and is merged by the same rules.

    Args:
        wanted: the record's values; stamps are left out, see :data:`STAMP_PROPERTIES`.
        rules: a text that stands for the settings of merging.
    """
    content = {name: value for name, value in wanted.items() if name not in STAMP_PROPERTIES}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False) + rules
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
