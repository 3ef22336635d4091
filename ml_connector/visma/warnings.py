"""What can be odd about a list that was read to its end, for the snapshot's checks and for a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ml_connector.visma.paging import Reading, Sieve


class WarningKind(StrEnum):
    """What was odd."""

    FILTER_IGNORED = "filter_ignored"
    COUNT_DIFFERS = "count_differs"
    NO_KEY = "no_key"


@dataclass(frozen=True, slots=True)
class ReadWarning:
    """Something odd about a list: of which entity, how many rows it is about, and a sentence without their contents."""

    entity: str
    kind: WarningKind
    rows: int
    message: str


def warnings_of(reading: Reading, sieve: Sieve) -> Iterator[ReadWarning]:
    """Yield what was odd about a list, after its last reading."""
    name = reading.entity.name
    if sieve.too_old:
        yield ReadWarning(
            name,
            WarningKind.FILTER_IGNORED,
            sieve.too_old,
            f"Visma ignored the change filter of {name}: {sieve.too_old} older rows came and were left out.",
        )
    if reading.missing:
        yield ReadWarning(
            name,
            WarningKind.COUNT_DIFFERS,
            reading.missing,
            f"Visma says {name} has {reading.total} rows, but two equal readings gave {reading.read}: it repeats some, "
            "or the application may not see all branches.",
        )
    if reading.without_key:
        yield ReadWarning(
            name,
            WarningKind.NO_KEY,
            reading.without_key,
            f"{reading.without_key} rows of {name} came without a number and were left out.",
        )
