"""How an audit looks on a terminal: how the record stands, what happened, and what is not as in Visma."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.padding import Padding

from ml_connector.audit.differences import Change
from ml_connector.audit.page import STATES, moment
from ml_connector.audit.record import RecordAudit
from ml_connector.audit.timeline import Event, Tone
from ml_connector.cli.output import console, show_table

BLANK = "(blank)"

SHOWN_CHANGES = 8
SHOWN_EVENTS = 40
SHOWN_LINKS = 10
"""What is shown without ``--all``."""

STYLES = {Tone.BAD: "bold red", Tone.THEIRS: "bold yellow", Tone.PLAIN: "bold"}

LESS = frozenset({"trace id", "category", "counted as"})
"""Facts that are shown with ``--all`` only."""


def show_record(audit: RecordAudit, zone: ZoneInfo, *, everything: bool) -> None:
    """Print everything that is known of a record, the newest last, as a person reads down to the present."""
    if audit.said:
        console.print(escape(audit.said), style="dim", highlight=False)
    _show_events(audit, zone, everything=everything)
    _show_fields(audit, everything=everything)
    _show_links(audit, everything=everything)
    for row in audit.rejects:
        _say(f"[bold red]Refused:[/] {escape(row.record_key)}: {escape(row.message or '')}")
        _say(escape(row.remedy or ""), 2)
    for row in audit.decisions:
        _say(f"[bold]Decided:[/] {row.verdict} {escape(row.hubspot_id or '')} {escape(row.note or '')}")
    for row in audit.edits:
        _say(f"[bold yellow]Edited:[/] {escape(row.property)}, {row.outcome} by run {row.run_id[:8]}")
    for note in (audit.not_asked, *audit.notes):
        if note:
            console.print(escape(note), style="dim", highlight=False)
    place = f", HubSpot {audit.object_type} {audit.hubspot_id}" if audit.hubspot_id else ""
    console.print(
        f"[bold]{escape(' and '.join(audit.keys))}[/]{place}: {STATES[audit.state][0]}", highlight=False
    )
    if audit.url:
        console.print(audit.url, soft_wrap=True, highlight=False)


def _show_events(audit: RecordAudit, zone: ZoneInfo, *, everything: bool) -> None:
    shown = audit.events if everything else audit.events[-SHOWN_EVENTS:]
    left = len(audit.events) - len(shown)
    if left:
        console.print(f"{left} earlier events; see all with --all or --json.", style="dim")
    for event in shown:
        _show_event(event, audit, zone, everything=everything)
    console.print()


def _show_event(event: Event, audit: RecordAudit, zone: ZoneInfo, *, everything: bool) -> None:
    other = f" [cyan]{escape(event.key)}[/]" if event.key and event.key != audit.key else ""
    often = f" ({event.times} times until {moment(event.until, zone)})" if event.until else ""
    run = f" [dim]run {event.run_id[:8]}[/]" if event.run_id else ""
    console.print(
        f"[dim]{moment(event.at, zone)}[/] {event.place.value:<7} [{STYLES[event.tone]}]{escape(event.what)}[/]"
        f"{other}{often}{run}",
        highlight=False,
    )
    facts = [f"{name} {value}" for name, value in event.facts.items() if everything or name not in LESS]
    if facts:
        _say(escape("; ".join(facts)), 4, style="dim")
    _show_changes(event.changes, new=event.what.startswith("first"), everything=everything)


def _show_changes(changes: Sequence[Change], *, new: bool, everything: bool) -> None:
    shown = changes if everything else () if new else changes[:SHOWN_CHANGES]
    for change in shown:
        _say(f"{change.name}: {escape(change.old or BLANK)} -> {escape(change.new or BLANK)}", 4)
    if len(shown) < len(changes):
        more = "more " if shown else ""
        _say(
            f"{len(changes) - len(shown)} {more}values; see all with --all, --json or --html", 4, style="dim"
        )


def _show_fields(audit: RecordAudit, *, everything: bool) -> None:
    different = [one for one in audit.fields if everything or one.state != "same"]
    if different:
        console.print("Properties" if everything else "Properties that are not as in Visma", style="bold")
    for one in different:
        if one.state == "same":
            _say(f"[cyan]{one.name}[/] {escape(one.visma or BLANK)}", 2)
        else:
            visma, hubspot = escape(one.visma or BLANK), escape(one.hubspot or BLANK)
            _say(f"[cyan]{one.name}[/] Visma: {visma}; HubSpot: {hubspot}", 2)
        _say(escape(one.why), 4, style="dim")
    same = len(audit.fields) - len(different)
    if same:
        console.print(f"{same} properties are as in Visma.", highlight=False)
    if audit.fields:
        console.print()


def _show_links(audit: RecordAudit, *, everything: bool) -> None:
    if not audit.links.total:
        return
    shown = audit.links.listed if everything else audit.links.listed[:SHOWN_LINKS]
    show_table(
        "Links",
        ("link", "state", "rule", "why"),
        [(f"{one.from_key} > {one.to_key}", one.status, one.rule or "", one.reason or "") for one in shown],
    )
    if audit.links.total > len(shown):
        console.print(
            f"And {audit.links.total - len(shown):,} more: {', '.join(_counts(audit))}.", highlight=False
        )


def _counts(audit: RecordAudit) -> Iterable[str]:
    return (f"{one.many:,} {one.status} from {one.from_type} to {one.to_type}" for one in audit.links.counts)


def _say(marked_up: str, indent: int = 0, style: str = "") -> None:
    console.print(Padding(marked_up, (0, 0, 0, indent), expand=False), style=style or None, highlight=False)
