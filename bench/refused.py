"""Three thousand refused records: how many causes a person sees, and what trying those of one cause again sends."""

from dataclasses import replace

from bench.figures import Figure, exactly, seconds_here, shown
from bench.trial import trial
from bench.works import PortalSettings, Row, companies, contacts

FINE = 1000
REFUSED, NAMELESS, MISADDRESSED, NOBODY = 1000, 600, 1000, 400
"""Companies that HubSpot refuses and that have no name, contacts whose address is none and that have no name either."""

MANY = REFUSED + NAMELESS + MISADDRESSED + NOBODY

BATCH = 100
"""Records that HubSpot takes in a call (reference: hubspot 3)."""

CURED = "value-refused"


def refused() -> list[Figure]:
    """Load records of which 3,000 cannot be stored, cure one cause, and try its records again."""
    settings = PortalSettings(poison="input_error", poisoned=rf"Company {FINE // 1000}\d\d\d")
    with trial(settings) as here:
        here.enter(companies(FINE + REFUSED), _nameless(), _people())
        loaded = here.load()
        before = here.portal.holdings()
        here.portal.heal()
        again = here.retry(f"cause:{CURED}")
        traffic, held, asked = here.portal.traffic(), here.portal.holdings(), here.portal.asked()
        following = here.load()
    sent = sum(counts["read"] for counts in again.entities.values())
    return [
        exactly("rejects", "refused records", len(loaded.refused), MANY),
        exactly("rejects", "causes they are shown as", len(loaded.causes), 4),
        *(shown("rejects", name, f"{many:,}") for name, many in sorted(loaded.causes.items())),
        exactly("rejects", "retry of one cause: records sent", sent, REFUSED),
        exactly("rejects", "companies there after it", len(held.companies) - len(before.companies), REFUSED),
        exactly("rejects", "calls that write", traffic.writes, REFUSED // BATCH),
        exactly("rejects", "calls to Visma", asked - traffic.calls, 0),
        exactly("rejects", "causes left", len(again.causes), 3),
        exactly("rejects", "refused records left", len(again.refused), MANY - REFUSED),
        exactly("rejects", "refused by the next run too", len(following.refused), MANY - REFUSED),
        seconds_here("rejects", "the retry", again.seconds, ""),
    ]


def _nameless() -> list[Row]:
    blank = {"name": "", "domain": ""}
    return [replace(row, properties=blank) for row in companies(NAMELESS, FINE + REFUSED)]


def _people() -> list[Row]:
    rows = contacts(MISADDRESSED + NOBODY, FINE)
    bad = [_changed(row, email=row.properties["email"].replace("@", " at ")) for row in rows[:MISADDRESSED]]
    return bad + [_changed(row, firstname="", lastname="", email="") for row in rows[MISADDRESSED:]]


def _changed(row: Row, **values: str) -> Row:
    return replace(row, properties=row.properties | values)
