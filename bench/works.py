"""The works W1 to W11: the rows, the portal they go into, and what must be in it afterwards.

The rows are the same for every candidate: a company per number, with a unique key. The phone number is left out:
Segment's destination stops at HubSpot's own phone property, whose field type it does not know, and the works are about
writing.
"""

from dataclasses import dataclass, field
from enum import StrEnum

CONNECTION = "bench"
"""The name of ml-connector's connection, with which every key begins."""

COMPANY_KEY = "visma_customer_id"
CONTACT_KEY = "visma_contact_id"
CONTACT_TO_COMPANY = 279
"""HubSpot's own type of the unlabelled link from a contact to a company (reference: hubspot 6)."""

ONE_BAD = "Company 37"
"""The company that a portal with poison refuses, as the whole value of its name."""

ONE_IN_A_HUNDRED_BAD = r"Company (\d*\d)?37"
"""As a regular expression: the companies whose number ends with 37."""


class Kind(StrEnum):
    """What the rows of a work are."""

    COMPANIES = "companies"
    LINKED_CONTACTS = "linked_contacts"


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write: its unique key, its properties, and the key of the company it belongs to, if any."""

    key: str
    properties: dict[str, str]
    company: str | None = None


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """How the sandbox of a work behaves.

    Args:
        latency_ms: added to every call.
        per_ten_seconds: HubSpot calls taken in ten seconds.
        search_lag_seconds: how long search does not know what was written.
        poison: one of the sandbox's modes, for companies whose name is ``poisoned``.
        poisoned: a regular expression.
        lost_answers: writes that are carried out and whose connection drops before they are answered.
        customers: of a believable company in Visma, with suppliers and contacts; without it Visma is empty.
        year: how much of a mid-size company with a year of books, such as 0.1; ``customers`` does not count then.
        takes_all: whether the portal takes payments and custom objects.
        seed: of the believable company, and of the chance in faults.
    """

    latency_ms: int = 0
    per_ten_seconds: int = 190
    search_lag_seconds: float = 1.0
    poison: str | None = None
    poisoned: str = ONE_BAD
    lost_answers: int = 0
    customers: int = 0
    year: float = 0.0
    takes_all: bool = False
    seed: int = 2026


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do.

    Args:
        name: as in the table, such as ``W1``.
        title: what it is, in a few words.
        rows: what to write.
        portal: where to.
        kind: what the rows are.
        first: rows written before, by the same candidate, without being measured.
        kill_at: records stored at which the process is killed, to be started again on the same rows.
        refused: keys that cannot be stored.
    """

    name: str
    title: str
    rows: list[Row]
    portal: PortalSettings = field(default_factory=PortalSettings)
    kind: Kind = Kind.COMPANIES
    first: list[Row] = field(default_factory=list)
    kill_at: int | None = None
    refused: frozenset[str] = frozenset()

    @property
    def expected(self) -> int:
        """How many records of the work must be in the portal in the end."""
        return len({row.key for row in self.rows} - self.refused)


def company_key(number: int) -> str:
    """Return the unique key of a company, in the form the connector gives it."""
    return f"{CONNECTION}:C{number:06d}"


def companies(count: int, first: int = 0) -> list[Row]:
    """Return ``count`` companies from a number on."""
    return [
        Row(
            company_key(number),
            {"name": f"Company {number}", "domain": f"c{number}.example", "city": "Oslo"},
        )
        for number in range(first, first + count)
    ]


def contacts(count: int, company_count: int) -> list[Row]:
    """Return ``count`` contacts spread evenly over the first companies."""
    return [
        Row(
            f"{CONNECTION}:{number}",
            {
                "firstname": "Person",
                "lastname": f"No {number}",
                "email": f"p{number}@c{number % company_count}.example",
            },
            company_key(number % company_count),
        )
        for number in range(count)
    ]


def repeated_in_one_chunk(distinct: int, times: int) -> list[Row]:
    """Return ``distinct`` companies, ``times`` over, in turn."""
    return companies(distinct) * times


def all_works(scale: int) -> list[Work]:
    """Return the works; ``scale`` is the number of companies in the big ones, 10,000 in the real table."""
    tenth = max(scale // 10, 100)
    bad = frozenset({company_key(37)})
    return [
        Work("W1", "into an empty portal", companies(scale)),
        Work("W1 200 ms", "at 200 ms a call", companies(scale), PortalSettings(latency_ms=200)),
        Work("W2", "the same data again", companies(scale), first=companies(scale)),
        *(
            Work(
                f"W3 lag {lag}",
                "again at once",
                companies(tenth),
                PortalSettings(search_lag_seconds=lag),
                first=companies(tenth),
            )
            for lag in (0, 5, 60)
        ),
        *(
            Work(name, f"1 bad row, {how}", companies(tenth), PortalSettings(poison=mode), refused=bad)
            for name, how, mode in (
                ("W4", "told as 207", "input_error"),
                ("W5", "batch 400", "batch_400"),
                ("W6", "batch 409", "batch_409"),
                ("W7", "200 and empty", "empty_results"),
            )
        ),
        Work("W8", "limit cut to 20 per 10 s", companies(3 * tenth), PortalSettings(per_ten_seconds=20)),
        Work(
            "W9",
            "killed half-way, run again",
            companies(scale),
            PortalSettings(latency_ms=50),
            kill_at=scale // 2,
        ),
        Work(
            "W10",
            "contacts linked to companies",
            contacts(scale, tenth),
            kind=Kind.LINKED_CONTACTS,
            first=companies(tenth),
        ),
        Work("W11", "50 keys, 4 times in one chunk", repeated_in_one_chunk(50, 4)),
    ]
