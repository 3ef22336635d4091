"""The pages of the duplicate desk: what waits for a person, and the evidence for one record."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ml_connector.desk.evidence import Evidence
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


def evidence_page(settings: ConnectionSettings, found: Evidence) -> str:
    """Return the page that shows a Visma record beside the HubSpot records it may be."""
    key, name, state = found.record.key, settings.name, found.state
    command = f"ml-connector conflicts {name}"
    waits = state is not None and state.waits
    return page(
        "conflict.html",
        title=f"Which HubSpot record is {key}?",
        verdict=standing(found),
        mood="bad" if waits else "plain",
        facts={
            "Connection": name,
            "As of": f"{datetime.now(UTC).astimezone(settings.zone):%Y-%m-%d %H:%M}",
            "Linked to": found.record.linked,
            "Decided": state.decided if state else None,
            "Note": _note(state) if state else None,
        },
        record=key,
        values=found.values,
        candidates=found.candidates,
        left_out=found.left_out,
        link=f"{command} link {key}",
        commands=capped(
            [
                ("It is one of these", f"{command} link {key} ID"),
                ("It is none of these: make a new one", f"{command} create {key}"),
                ("Leave it alone", f"{command} ignore {key}"),
                ("Take a decision back", f"{command} forget {key}"),
            ]
        ),
    )


def standing(found: Evidence) -> str:
    """Return how a record stands, in a sentence."""
    state = found.state
    if state is not None and state.waits:
        return state.state
    if state is not None and state.decision is not None:
        return f"Decided: {state.decided}. {state.state}"
    return (
        "It is linked, and nobody had to decide." if found.record.linked else "Nothing waits for a decision."
    )


def _day(one: Open) -> str:
    moment = one.decision.decided_at if one.decision else None
    return f"{moment:%Y-%m-%d}" if moment else ""


def _note(one: Open) -> str:
    return (one.decision.note if one.decision else None) or ""
