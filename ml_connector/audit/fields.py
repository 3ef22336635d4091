"""Why each property of a record is as it is: what Visma asks for, what HubSpot holds, and which rule decided. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.audit.ledger import Done
from ml_connector.audit.present import Present, Write
from ml_connector.hubspot.comparison import same_value
from ml_connector.plan.invoices import ONLY_WHEN_MADE
from ml_connector.plan.merging import STAMP_PROPERTIES, UNION_PROPERTIES

KEPT = {
    "fill_blank": "fill_blank writes only where HubSpot has nothing",
    "never_after_create": "never_after_create writes only when the record is made",
}
"""What the policies say that keep any value of HubSpot's."""

KEPT_IF_EDITED = {
    "overwrite_unless_edited": "overwrite_unless_edited leaves alone what somebody changed after our last write",
    "flag_if_edited": "flag_if_edited leaves alone what somebody changed after our last write, and reports it",
}
"""What the policies say that keep a value somebody has changed since."""


LOADING = "; the next run that loads Visma's newer version writes it"
CHANGING = "; written once the record changes in Visma"
"""When a value that differs is written: a record that did not change in Visma is not compared again."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a record.

    Args:
        name: of the property.
        visma: what Visma asks for; None where it has no value.
        hubspot: what HubSpot holds, or as the ledger knows it where HubSpot was not asked.
        state: ``same``, ``kept`` (HubSpot's value stays by a rule), ``changed`` (somebody changed it since),
            ``waiting`` (it is still to be written) or ``unknown``.
        why: one sentence.
        policy: the rule of merging for the property.
    """

    name: str
    visma: str | None
    hubspot: str | None
    state: str
    why: str
    policy: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a verdict on a property rests on.

    Args:
        wanted: what Visma asks for, by property.
        held: what the ledger last knew HubSpot to hold.
        present: what HubSpot holds now; None where it was not asked.
        policies: the rule of each property that has one of its own.
        cleared: properties that are emptied where Visma has no value.
        operations: the record's, newest first.
        edited: what a run made of somebody's change, by property: ``kept``, ``flagged`` or ``overwritten``.
        refused: why the record is refused now, or None.
        newer: whether Visma has a version that is not loaded yet.
    """

    wanted: Mapping[str, str | None]
    held: Mapping[str, str | None]
    present: Present | None
    policies: Mapping[str, str]
    cleared: frozenset[str]
    operations: Sequence[Done]
    edited: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None
    newer: bool = False


def rules_of(settings: Mapping[str, Any], object_type: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the policy per property of an object, and what is cleared on null, from settings as a run stored them."""
    merging = settings.get("merging") or {}
    own = f"{object_type}."
    cleared = frozenset(
        name.removeprefix(own)
        for name in merging.get("clear_on_null") or ()
        if name.startswith(own) or "." not in name
    )
    fixed = dict.fromkeys(ONLY_WHEN_MADE, "never_after_create") if object_type == "invoices" else {}
    policies = merging.get(object_type)
    return {**(policies if isinstance(policies, Mapping) else {}), **fixed}, cleared


def fields(known: Known) -> list[Field]:
    """Return the properties of a record that have a value on either side, those that differ first."""
    every = [_field(name, known) for name in sorted({*known.wanted, *_sent(known.operations)})]
    found = [one for one in every if one.visma or one.hubspot]
    return sorted(found, key=lambda one: (one.state == "same", one.name))


def _sent(operations: Iterable[Done]) -> set[str]:
    """Return the properties that were sent, those of links left out."""
    return {name for one in operations if ">" not in one.key for name in one.values}


def _field(name: str, known: Known) -> Field:
    wanted = known.wanted.get(name)
    asked = known.present is not None and known.present.hubspot_id is not None
    held = known.present.values.get(name) if known.present and asked else known.held.get(name)
    policy = known.policies.get(name, "overwrite")
    newest = known.present.newest(name) if known.present and asked else None
    state, why = _verdict(name, wanted, held, newest, policy, known, asked=asked)
    return Field(name, wanted, held or None, state, why, policy)


def _verdict(
    name: str,
    wanted: str | None,
    held: str | None,
    newest: Write | None,
    policy: str,
    known: Known,
    *,
    asked: bool,
) -> tuple[str, str]:
    """Return the state of a property and why."""
    if name not in known.wanted:
        return "unknown", "written once; the newest record of Visma says nothing of it"
    if _equal(name, wanted, held, known):
        return "same", _origin(name, newest, known)
    if wanted is None and name not in known.cleared:
        return "kept", "Visma has no value, and clear_on_null does not name the property"
    edited = newest is not None and not newest.ours
    if held and policy in KEPT:
        return "kept", KEPT[policy] + _theirs(newest)
    if policy in KEPT_IF_EDITED and (edited or known.edited.get(name) in ("kept", "flagged")):
        return "kept", KEPT_IF_EDITED[policy] + _theirs(newest)
    if edited:
        return "changed", "changed since" + _by(newest) + (LOADING if known.newer else CHANGING)
    if not asked and name not in known.held:
        return "unknown", "HubSpot was not asked what it holds"
    if known.refused:
        return "waiting", f"the record is refused: {known.refused}"
    if name in STAMP_PROPERTIES:
        return "waiting", "a stamp travels along with the next change and is no reason to write"
    return "waiting", "Visma's value is not written yet" + (LOADING if known.newer else CHANGING)


def _equal(name: str, wanted: str | None, held: str | None, known: Known) -> bool:
    definition = known.present.definitions.get(name) if known.present else None
    if name in UNION_PROPERTIES and wanted and held:
        return {*wanted.split(";")} <= {*held.split(";")}
    return same_value(name, wanted or "", held, definition)


def _theirs(newest: Write | None) -> str:
    by = _by(newest)
    return f"; what stands there was written{by}" if by else ""


def _by(newest: Write | None) -> str:
    """Return who wrote a value and when, where it was not us."""
    if newest is None or newest.ours:
        return ""
    return f" by {newest.by} on {newest.written_at:%Y-%m-%d}"


def _origin(name: str, newest: Write | None, known: Known) -> str:
    """Return who brought a value that is as it should be."""
    for one in known.operations:
        if one.status == "confirmed" and name in one.values and one.action in ("create", "update", "open"):
            return f"written by run {one.run_id[:8]} on {one.intended_at:%Y-%m-%d}"
    if newest is not None and not newest.ours:
        return f"HubSpot held it already, written by {newest.by}"
    return "HubSpot held it already"
