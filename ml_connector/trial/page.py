"""What other settings would change, in words and as a page. Pure: template and style are in the room of pages."""

from collections.abc import Iterable, Mapping, Sequence

from ml_connector.pages.render import capped, page
from ml_connector.trial.changed import Changed, WhatIf
from ml_connector.trial.fates import NEW, Kind, Shift

SAID: Mapping[Kind, tuple[str, str]] = {
    Kind.LINK: ("link changes", "links change"),
    Kind.CONFLICT: ("new conflict", "new conflicts"),
    Kind.SOLVED: ("conflict solved", "conflicts solved"),
    Kind.CREATE: ("more created", "more created"),
    Kind.NO_CREATE: ("no longer created", "no longer created"),
    Kind.LEFT_OUT: ("no longer taken", "no longer taken"),
    Kind.TAKEN: ("newly taken", "newly taken"),
    Kind.REFUSED: ("newly refused", "newly refused"),
    Kind.ACCEPTED: ("no longer refused", "no longer refused"),
}
"""What is said of one and of several records of each kind."""

NOTHING = "Nothing would change."


def said(kind: Kind, many: int) -> str:
    """Return a count in words, such as ``412 links change``."""
    return f"{many:,} {SAID[kind][many != 1]}"


def headline(found: WhatIf) -> str:
    """Return what would change in one sentence."""
    parts = [said(kind, many) for kind in Kind if (many := found.many(kind))]
    if found.values:
        parts.append(f"{found.values:,} value{'s change' if found.values != 1 else ' changes'}")
    return ", ".join(parts) + "." if parts else NOTHING


def end(hubspot_id: str | None) -> str:
    """Return one end of a link in words."""
    if hubspot_id == NEW:
        return "a new one"
    return f"HubSpot {hubspot_id}" if hubspot_id else "none"


def why(shift: Shift) -> str:
    """Return why a record's fate changes: the rule that finds it, or the reason and who fits."""
    fits = f"HubSpot {', '.join(shift.candidates)}" if shift.candidates else ""
    rule = f"by {shift.rule.replace('_', ' ')}" if shift.rule else ""
    return "; ".join(part for part in (shift.reason or rule, fits) if part)


def what_if_page(found: WhatIf, facts: Mapping[str, str], hint: str) -> str:
    """Return the HTML document of what other settings would change.

    Args:
        found: what would change.
        facts: what stands above it.
        hint: how to see what the page leaves out.
    """
    kinds = [kind for kind in Kind if found.many(kind)]
    return page(
        "what_if.html",
        facts=facts,
        verdict=headline(found),
        columns=[SAID[kind][1] for kind in kinds],
        numbers=capped(
            [one.entity, f"{one.records:,}", *(f"{one.kinds[k]:,}" for k in kinds)] for one in found.both
        ),
        sections=[section for one in found.both for section in _sections(one)],
        not_looked_at=", ".join(found.not_looked_at),
        hint=hint,
    )


def _sections(one: Changed) -> Iterable[dict[str, object]]:
    for kind, shifts in by_kind(one).items():
        rows = ([shift.record, end(shift.old), end(shift.new), why(shift)] for shift in shifts)
        yield {
            "heading": f"{one.entity.capitalize()}: {said(kind, one.kinds[kind])}",
            "columns": ["Record", "From", "To", "Why"],
            "rows": capped(rows, one.kinds[kind]),
        }
    for name, many in sorted(one.properties.items()):
        values = (
            [shift.record, shift.old or "", shift.new or ""] for shift in one.values if shift.name == name
        )
        yield {
            "heading": f"{one.entity.capitalize()}: {name} of {many:,}",
            "columns": ["Record", "With today's settings", "With the others"],
            "rows": capped(values, many),
        }


def by_kind(one: Changed) -> dict[Kind, Sequence[Shift]]:
    """Return the records that are kept, by how they change."""
    return {kind: [shift for shift in one.shifts if shift.kind is kind] for kind in Kind if one.kinds[kind]}
