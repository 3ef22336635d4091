"""How a plan looks on a terminal: each kind of operation with its records, values old and new, and reasons."""

from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding

from ml_connector.cli.output import console
from ml_connector.plan.view import EntityView, Item, Reason, Section

BY_REASON = (Section.SKIP, Section.REJECT)
"""Sections that are shown by reason: hundreds of records may have the same one."""

CONSEQUENCES = (Section.LINK, Section.UNLINK, Section.OPEN)
"""Sections that follow from the others; without ``--all`` the table counts them, which is enough."""

BLANK = "(blank)"


def show_views(views: Iterable[EntityView], *, everything: bool) -> None:
    """Print what plans hold; an entity with nothing to do or to say is left out.

    Without ``everything`` only the values that replace others are shown: of a new record all are new.
    """
    for entity in views:
        for section in entity.sections:
            if everything or section not in CONSEQUENCES:
                heading = f"{entity.entity.replace('_', ' ')} {section}: {entity.many(section):,}"
                console.print(f"\n[bold]{heading[0].upper()}{heading[1:]}[/]")
                if section in BY_REASON:
                    _show_reasons(entity.reasons[section])
                else:
                    _show_items(entity.items[section], entity.many(section), everything=everything)


def _show_reasons(reasons: Mapping[str, Reason]) -> None:
    for sentence, reason in sorted(reasons.items(), key=lambda found: -found[1].many):
        named = ", ".join(reason.keys) + ", …" * (reason.many > len(reason.keys))
        indented(f"{reason.many:,} x {escape(sentence)}")
        indented(escape(named), 4, style="dim")


def _show_items(items: Sequence[Item], many: int, *, everything: bool) -> None:
    for item in items:
        indented(_headline(item))
        shown = item.changes if everything else [change for change in item.changes if change.old]
        for change in shown:
            indented(f"{change.name}: {escape(change.old or BLANK)} -> {escape(change.new or BLANK)}", 4)
        if shown and len(shown) < len(item.changes):
            indented(f"and {len(item.changes) - len(shown)} values where HubSpot has none", 4, style="dim")
    if many > len(items):
        indented(f"and {many - len(items):,} more; see all with --all or --json", style="dim")


def _headline(item: Item) -> str:
    parts = [f"[cyan]{escape(' -> '.join(item.ends) if item.ends else ' + '.join(item.keys))}[/]"]
    if item.title:
        parts.append(escape(item.title))
    if item.rule:
        parts.append(f"[dim](by {escape(item.rule.replace('_', ' '))})[/]")
    if item.reason:
        parts.append(f"[dim]{escape(item.reason)}[/]")
    if item.candidates:
        parts.append(f"[dim](HubSpot {escape(', '.join(item.candidates))})[/]")
    return " ".join(parts)


def indented(marked_up: str, columns: int = 2, style: str = "") -> None:
    """Print a line that wraps under itself; without a terminal nothing wraps."""
    if console.is_terminal:
        console.print(Padding(marked_up, (0, 0, 0, columns)), style=style)
    else:
        console.print(" " * columns + marked_up, style=style, soft_wrap=True)
