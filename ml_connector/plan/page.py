"""A plan as a page, for whoever has to say yes to it. Pure: the template and the style are in the room of pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.pages.render import Capped, capped, page
from ml_connector.plan.view import EntityView, Item, Reason, Section

MOST_ITEMS = 200
"""Operations of one kind that a page shows; with ten kinds that is what a person can still scroll through."""

COUNTED: Mapping[Section, str] = {
    Section.CREATE: "create",
    Section.UPDATE: "update",
    Section.LINK: "link",
    Section.OPEN: "open",
    Section.ARCHIVE: "archive",
    Section.UNLINK: "unlink",
    Section.SKIP: "skip",
    Section.CONFLICT: "conflict",
    Section.REJECT: "refused",
}
"""Columns of the table of counts; those without a number are left out."""

CHANGING = (
    Section.CREATE,
    Section.UPDATE,
    Section.LINK,
    Section.OPEN,
    Section.ARCHIVE,
    Section.UNLINK,
)
FOR_A_PERSON = (Section.CONFLICT, Section.REJECT)

Address = Callable[[str, str], str | None]
"""Returns the page of a HubSpot record by object type and id; None for an object without pages."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a plan: facts by their name, the connection's under ``Connection``."""

    facts: Mapping[str, str]

    @staticmethod
    def of_run(connection: str, windows: str, run_id: str, planned_at: str) -> "Heading":
        """Return the heading of the plan of a run."""
        return Heading(
            {"Connection": connection, "Windows": windows, "Planned at": planned_at, "Run": run_id}
        )


def plan_page(
    heading: Heading,
    views: Sequence[EntityView],
    address: Address,
    alarms: Sequence[str] = (),
    hint: str | None = None,
) -> str:
    """Return the HTML document of a plan.

    Args:
        heading: what stands above it.
        views: what it holds, with at least :data:`MOST_ITEMS` operations of each section kept where it has as many.
        address: where HubSpot shows a record.
        alarms: what the breaker says.
        hint: how to see what the page leaves out; by default the command that shows a plan whole.
    """
    columns = [section for section in COUNTED if any(view.many(section) for view in views)]
    return page(
        "plan.html",
        facts=heading.facts,
        verdict=_verdict(views),
        alarms=alarms,
        columns=[COUNTED[section] for section in columns],
        numbers=capped(
            [view.entity.replace("_", " "), *(f"{many:,}" for many in (view.total, *map(view.many, columns)))]
            for view in views
        ),
        entities=[_entity(view, address) for view in views],
        hint=hint or f"See all of them: ml-connector plan {heading.facts['Connection']} --all",
    )


def _verdict(views: Iterable[EntityView]) -> dict[str, str]:
    views = list(views)
    changing = sum(view.many(section) for view in views for section in CHANGING)
    waiting = sum(view.many(section) for view in views for section in FOR_A_PERSON)
    text = (
        f"{changing:,} operation{'s' * (changing != 1)} on HubSpot." if changing else "Nothing would change."
    )
    if waiting:
        people = "1 record needs a person" if waiting == 1 else f"{waiting:,} records need a person"
        return {"text": f"{text} {people}.", "mood": "bad"}
    return {"text": text, "mood": "good"}


def _entity(view: EntityView, address: Address) -> dict[str, Any]:
    name = view.entity.replace("_", " ")
    return {
        "name": name[0].upper() + name[1:],
        "sections": [_section(view, section, address) for section in view.sections],
    }


def _section(view: EntityView, section: Section, address: Address) -> dict[str, Any]:
    many = view.many(section)
    about = {"heading": str(section), "many": many, "is_update": section is Section.UPDATE, "columns": None}
    if section in (Section.SKIP, Section.REJECT):
        return {
            **about,
            "columns": ["Why", "How many", "Such as"],
            "rows": _by_reason(view.reasons.get(section, {})),
        }
    items = view.items[section]
    if section is Section.CONFLICT:
        conflicts = ([" + ".join(item.keys), item.title or "", _why(item)] for item in items)
        return {
            **about,
            "columns": ["Record", "Name", "Why"],
            "rows": capped(conflicts, many, MOST_ITEMS),
        }
    if section in (Section.LINK, Section.UNLINK):
        rows: Capped[Any] = capped(([*(item.ends or ()), _why(item)] for item in items), many, MOST_ITEMS)
        return {**about, "columns": ["From", "To", "Why"], "rows": rows}
    return {**about, "rows": capped((_row(view, item, address) for item in items), many, MOST_ITEMS)}


def _by_reason(reasons: Mapping[str, Reason]) -> Capped[list[str]]:
    found = sorted(reasons.items(), key=lambda pair: -pair[1].many)
    return capped([sentence, f"{reason.many:,}", ", ".join(reason.keys)] for sentence, reason in found)


def _row(view: EntityView, item: Item, address: Address) -> dict[str, Any]:
    return {
        "record": " + ".join(item.keys),
        "title": item.title,
        "hubspot_id": item.hubspot_id,
        "url": address(view.object_type, item.hubspot_id) if item.hubspot_id else None,
        "changes": [(change.name, change.old, change.new) for change in item.changes],
        "why": _why(item),
    }


def _why(item: Item) -> str:
    rule = f"by {item.rule.replace('_', ' ')}" if item.rule else ""
    which = f"HubSpot {', '.join(item.candidates)}" if item.candidates else ""
    return "; ".join(part for part in (item.reason or rule, which) if part)
