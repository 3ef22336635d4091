"""The pages of the duplicate desk: what waits for a person, and the evidence for one record."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ml_connector.desk.opened import Open
from ml_connector.pages.render import capped, page
from ml_connector.settings import ConnectionSettings


def list_page(settings: ConnectionSettings, found: Sequence[Open]) -> str:
    """Return the page of what waits for a person and what was decided."""
    waiting = [one for one in found if one.waits]
    decided = [one for one in found if one.decision is not None]
    many = "1 record waits" if len(waiting) == 1 else f"{len(waiting):,} records wait"
    return page(
        "conflicts.html",
        title=f"Decisions in {settings.name}",
        verdict=f"{many} for a decision." if waiting else "Nothing waits for a decision.",
        mood="bad" if waiting else "good",
        facts={
            "Connection": settings.name,
            "As of": f"{datetime.now(UTC).astimezone(settings.zone):%Y-%m-%d %H:%M}",
            "Decided so far": f"{len(decided):,}",
        },
        waiting=capped((one.key, one.state, f"{one.since:%Y-%m-%d}", one.message or "") for one in waiting),
        decided=capped((one.key, one.decided or "", _day(one), one.state, _note(one)) for one in decided),
        hint=f"All of them: ml-connector conflicts {settings.name} list --all",
        show=f"ml-connector conflicts {settings.name} show KEY",
    )


def _day(one: Open) -> str:
    moment = one.decision.decided_at if one.decision else None
    return f"{moment:%Y-%m-%d}" if moment else ""


def _note(one: Open) -> str:
    return (one.decision.note if one.decision else None) or ""
