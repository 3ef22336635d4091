"""Merging: which of a record's values would be sent, given what HubSpot holds and who wins per property. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.hubspot.comparison import same_value
from ml_connector.hubspot.models import PropertyDefinition
from ml_connector.records.model import Properties
from ml_connector.settings_merging import MergingSettings, Policy

STAMP_PROPERTIES = frozenset({"visma_last_modified"})
"""Properties that travel with other changes but are never a reason to write: Visma restamps rows without changing
them (reference: visma 3.2), and ten thousand writes that say nothing new help nobody."""

UNION_PROPERTIES = frozenset({"visma_relationship"})
"""Multi-selects whose options are added to those HubSpot holds: a company that is a customer may be a supplier too."""


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
        old = held.get(name) if held is not None else None
        new = "" if value is None and name in clear_on_null else value
        if new is None or not _may_write(policies.get(name, Policy.OVERWRITE), old, creating=held is None):
            continue
        if name in UNION_PROPERTIES:
            new = _union(old, new)
        if not same_value(name, new, old, definitions.get(name)):
            found[name] = Change(old or None, new)
    return {} if STAMP_PROPERTIES.issuperset(found) else found


def _may_write(policy: Policy, old: str | None, *, creating: bool) -> bool:
    if creating or policy not in (Policy.FILL_BLANK, Policy.NEVER_AFTER_CREATE):
        return True
    return policy is Policy.FILL_BLANK and not old


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
