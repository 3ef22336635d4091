"""Writes ``docs/causes.md`` from the catalogue of causes."""

from ml_connector.causes.catalogue import CATALOGUE
from ml_connector.causes.model import SEPARATOR, Cause, Where

PAGE = "docs/causes.md"

HEADING = """\
# Causes of rejects

<!-- Made by scripts/cause_reference.py from ml_connector/causes. Run `make docs`. -->

Records that are refused are grouped by cause. `ml-connector rejects NAME list` shows those that a connection has; this
page has all there are. A cause with `:…` is told apart by what follows, such as a property: `option-missing:industry`.
[Operations](operations.md#rejects) says how to work with them.
"""

PLACES = {
    Where.VISMA: "To mend in Visma",
    Where.HUBSPOT: "To mend in HubSpot",
    Where.SETTINGS: "To mend in the connection's settings",
    Where.NOWHERE: "To wait for",
}


def render() -> str:
    """Return the page."""
    return "\n".join([HEADING, *(_section(place) for place in PLACES)])


def _section(place: Where) -> str:
    rows = "\n".join(_row(cause) for cause in CATALOGUE.values() if cause.where is place)
    return f"## {PLACES[place]}\n\n| cause | what it means | what to do |\n|---|---|---|\n{rows}\n"


def _row(cause: Cause) -> str:
    shown = cause.about(None)
    name = f"{cause.name}{SEPARATOR}…" if cause.whatever else cause.name
    return f"| `{name}` | {shown.title} | {shown.remedy} |"
