"""Undoing and replaying a day on which everything happened: how much goes back, what that costs, and what stays."""

from collections.abc import Collection

from bench.figures import Figure, at_most, exactly, seconds_here, shown
from bench.job import JobReport, first_window
from bench.portal import Traffic
from bench.portrait import Portrait
from bench.trial import Trial, trial
from bench.works import CONNECTION, PortalSettings

RECORDS = ("invoices", "payments")

YEAR_FOR_A_THOUSAND = 0.006
"""The part of a mid-size company's year that a day of a thousand operations happens to."""

EDITED = 5
"""Companies that the day renamed and that a person then changes, and as many that it made."""

NAMED = 5
"""Records that are named where the portal is not as it was."""

DAYS = 3


def undo(size: int) -> list[Figure]:
    """Load a part of a year, then a day of ``size`` operations; replay that, undo it, and look what is left of it.

    The day lies between two windows that were loaded before it: the later one comes again after the undo.
    """
    settings = PortalSettings(year=YEAR_FOR_A_THOUSAND * size / 1000, takes_all=True)
    with trial(settings, days=DAYS, records=RECORDS) as here:
        here.load()
        known = here.load_day(first_window(1)).refused
        before = here.portal.portrait()
        here.portal.happen(size, days_ago=2)
        day = here.load_day(first_window(2))
        after = here.portal.portrait()
        figures = [*_happened(day, size, known), *_replayed(here, day, after)]
        touched = here.portal.edit(EDITED)
        return [*figures, *_undone(here, day, before, touched)]


def _happened(day: JobReport, size: int, known: Collection[str]) -> list[Figure]:
    """Return what the day was; ``known`` are the records that were refused before it."""
    written = sum(
        counts[name] for counts in day.entities.values() for name in ("created", "updated", "archived")
    )
    kinds = sum(
        any(counts[name] for counts in day.entities.values()) for name in ("created", "updated", "archived")
    )
    return [
        Figure("undo", "operations of the day", f"{size:,}", f"{written:,}", written >= size and kinds == 3),
        exactly("undo", "of them refused", len(set(day.refused) - set(known)), 0),
    ]


def _replayed(here: Trial, day: JobReport, after: Portrait) -> list[Figure]:
    """Replay the day on the portal as it is."""
    again = here.replay(day.run_id, first_window(2))
    traffic = here.portal.traffic()
    return [
        exactly("undo", "replay: calls to Visma", here.portal.asked() - traffic.calls, 0),
        exactly("undo", "replay: writes to the present portal", traffic.writes, 0),
        exactly("undo", "replay: records unlike before it", len(after.unlike(here.portal.portrait())), 0),
        seconds_here("undo", "replay", again.seconds, ""),
    ]


def _undone(here: Trial, day: JobReport, before: Portrait, touched: list[str]) -> list[Figure]:
    """Undo the day, which a person has worked on since, and go on."""
    report = here.undo(day.run_id)
    traffic, held = here.portal.traffic(), here.portal.portrait()
    unlike = set(before.unlike(held)) - {f"companies {CONNECTION}:{number}" for number in touched}
    again = here.undo(day.run_id)
    second = here.portal.traffic()
    following = here.load_day(first_window(1))
    return [
        exactly("undo", "records unlike before the day, but for those a person changed", len(unlike), 0),
        *(shown("undo", "unlike", name) for name in sorted(unlike)[:NAMED]),
        exactly("undo", "of those, listed", _listed(report, touched), len(touched)),
        exactly("undo", "others listed", len(report.stays) - _listed(report, touched), 0),
        exactly("undo", "refused by HubSpot", len(report.refused), 0),
        *_cost(report, traffic),
        exactly("undo", "writes of a second undo", second.writes, 0),
        exactly("undo", "listed by it again", len(again.stays), len(report.stays)),
        exactly("undo", "records that the next run, without changes, makes", _made(following), 0),
    ]


def _made(report: JobReport) -> int:
    """Return what a run has made or taken away; days overdue go on being counted."""
    return sum(counts[name] for counts in report.entities.values() for name in ("created", "archived"))


def _listed(report: JobReport, touched: list[str]) -> int:
    return len({f"customer:{number}" for number in touched} & set(report.stays))


def _cost(report: JobReport, traffic: Traffic) -> list[Figure]:
    done = sum(
        counts[name] for counts in report.entities.values() for name in ("created", "updated", "archived")
    )
    return [
        shown("undo", "operations of the undo", f"{done:,}"),
        shown("undo", "calls, of them writes", f"{traffic.calls:,}, {traffic.writes:,}"),
        at_most("undo", "operations answered with 429", traffic.throttled, 0),
        seconds_here("undo", "seconds", report.seconds, ""),
        shown("undo", "peak memory", f"{report.peak_mb:,.0f} MB"),
    ]
