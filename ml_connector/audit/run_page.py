"""The pages of what a run did and of how two runs differ: what the templates get, and the same rows for a terminal.

Pure.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from ml_connector.audit.page import moment
from ml_connector.audit.run import RunAudit
from ml_connector.audit.run_pair import RunPair
from ml_connector.pages.render import capped, page

STATUSES: Mapping[str, tuple[str, str]] = {
    "done": ("It went through.", "good"),
    "rejects": ("It went through, but not every record did.", "bad"),
    "failed": ("It failed.", "bad"),
    "started": ("It has no end in the ledger: it runs, or its process died.", "plain"),
}
"""A sentence and its mood for each way in which a run stands."""

Row = tuple[str, ...]


def run_page(audit: RunAudit, zone: ZoneInfo) -> str:
    """Return the page of one run."""
    text, mood = STATUSES.get(audit.row.status, (audit.row.status, "plain"))
    return page(
        "run.html",
        run={
            "id": audit.run_id,
            "text": text,
            "mood": mood,
            "facts": facts(audit, zone),
            "operations": audit.operations,
            "counts": capped([(*row[:3], f"{row[3]:,}") for row in count_rows(audit)]),
            "planned": capped(planned_rows(audit)),
            "changed": capped(changed_rows(audit)),
            "problems": capped(problem_rows(audit)),
            "calls": capped(call_rows(audit)),
            "today": capped([(one.name, one.old or "", one.new or "") for one in audit.today]),
            "settings": settings_sentence(audit),
        },
    )


def pair_page(pair: RunPair, zone: ZoneInfo) -> str:
    """Return the page of how two runs differ."""
    return page(
        "runs.html",
        connection=pair.a.row.connection,
        verdict={"text": verdict(pair), "mood": "good" if pair.same else "plain"},
        facts=capped(fact_rows(pair, zone)),
        counts=capped([(*row[:3], *(f"{many:,}" for many in row[3:])) for row in pair_counts(pair)]),
        only=capped(only_rows(pair)),
        ends=capped(end_rows(pair)),
        properties=capped(property_rows(pair)),
        values=capped(value_rows(pair), sum(one.many for one in pair.properties)),
        settings=capped([(one.name, one.old or "", one.new or "") for one in pair.settings]),
        no_settings=settings_of_both(pair),
    )


def facts(audit: RunAudit, zone: ZoneInfo) -> dict[str, str | None]:
    """Return what a run is, by name, for a heading."""
    row = audit.row
    span = row.partition_from
    if row.partition_to not in (None, row.partition_from):
        span = f"{row.partition_from} to {row.partition_to}"
    return {
        "Connection": row.connection,
        "Run": audit.run_id,
        "For": " of ".join(filter(None, (row.kind, row.of_run))) or None,
        "Windows": span,
        "Began": moment(row.started_at, zone),
        "Took": f"{audit.seconds:,} s" if audit.seconds is not None else None,
        "Status": row.status,
        "ml-connector": row.version,
        "Settings": audit.mark,
    }


def verdict(pair: RunPair) -> str:
    """Return in one sentence whether two runs did the same."""
    if pair.same:
        same = "Both runs did the same to the same records"
        return f"{same}, though their settings differ." if pair.settings else f"{same}."
    parts = (
        (sum(one.many for one in pair.only), "records in one only:"),
        (sum(one.many for one in pair.ends), "with another end:"),
        (sum(one.many for one in pair.properties), "values written otherwise:"),
        (len(pair.settings), "settings that differ:"),
    )
    return "They differ: " + "; ".join(f"{what} {many:,}" for many, what in parts if many) + "."


def fact_rows(pair: RunPair, zone: ZoneInfo) -> list[Row]:
    """Return the facts of two runs side by side."""
    a, b = facts(pair.a, zone), facts(pair.b, zone)
    return [(name, a[name] or "", b[name] or "") for name in a if a[name] or b[name]]


def count_rows(audit: RunAudit) -> list[tuple[str, str, str, int]]:
    """Return how many operations there were, by entity, action and end."""
    return [(words(one.entity), one.action, one.status, one.many) for one in audit.counts]


def pair_counts(pair: RunPair) -> list[tuple[str, str, str, int, int]]:
    """Return the same of two runs side by side."""
    a, b = ({row[:3]: row[3] for row in count_rows(audit)} for audit in (pair.a, pair.b))
    return [(*key, a.get(key, 0), b.get(key, 0)) for key in dict.fromkeys([*a, *b])]


def planned_rows(audit: RunAudit) -> list[Row]:
    """Return what a run's plans counted; shown for runs that have no operations."""
    if audit.operations:
        return []
    return [
        (words(entity), name, f"{many:,}")
        for entity, counts in audit.planned.items()
        for name, many in counts.items()
        if many
    ]


def changed_rows(audit: RunAudit) -> list[Row]:
    """Return how many records got a new value, by property."""
    return [(words(one.entity), one.property, f"{one.many:,}") for one in audit.changed]


def problem_rows(audit: RunAudit) -> list[Row]:
    """Return what was not written and why."""
    return [
        (f"{words(one.entity)}: {one.what}", one.cause, one.remedy, f"{one.many:,}", some(one.keys, one.many))
        for one in audit.problems
    ]


def call_rows(audit: RunAudit) -> list[Row]:
    """Return the requests a run sent."""
    return [
        (system, name, f"{many:,}") for system, counts in audit.calls.items() for name, many in counts.items()
    ]


def only_rows(pair: RunPair) -> list[Row]:
    """Return the records in one run and not in the other."""
    return [
        (words(one.entity), f"run {one.run.upper()}", f"{one.many:,}", some(one.keys, one.many))
        for one in pair.only
    ]


def end_rows(pair: RunPair) -> list[Row]:
    """Return the records that ended otherwise."""
    return [(words(one.entity), one.a, one.b, f"{one.many:,}", some(one.keys, one.many)) for one in pair.ends]


def property_rows(pair: RunPair) -> list[Row]:
    """Return how many records were written with other values, by property."""
    return [(words(one.entity), one.property, f"{one.many:,}") for one in pair.properties]


def value_rows(pair: RunPair) -> list[Row]:
    """Return the first of these values side by side."""
    return [(one.record, one.property, one.a or "", one.b or "") for one in pair.values]


def settings_sentence(audit: RunAudit) -> str:
    """Return what there is to say where no setting differs from today's."""
    if not audit.settings:
        return "The settings of runs of older versions are not known."
    return "None: they are as they were."


def settings_of_both(pair: RunPair) -> str:
    """Return what there is to say where no setting differs between two runs."""
    known = pair.a.settings and pair.b.settings
    return "None." if known else "The settings of runs of older versions are not known."


def words(entity: str) -> str:
    """Return an entity for a person."""
    return entity.replace("_", " ")


def some(keys: Sequence[str], many: int) -> str:
    """Return the first keys of many in one text."""
    return ", ".join(keys) + (", …" if many > len(keys) else "")
