"""Which record is meant by what a person typed, or which known ones are near to it."""

from dataclasses import dataclass

from ml_connector.audit.keys import OBJECTS, Meant, kind_of, meant, slips
from ml_connector.audit.ledger import RecordLedger
from ml_connector.errors import UsageError
from ml_connector.nearest import nearest

HUBSPOT = "hubspot:"
"""Before the id of a HubSpot record, by which a record can be asked for too."""

NAMED = 3
"""Keys that are named where one is unknown or not clear."""

EVERY_OBJECT = sorted({name for names in OBJECTS.values() for name in names})


@dataclass(frozen=True, slots=True)
class Found:
    """The record that is meant, and a sentence where that is not what was typed."""

    key: str
    said: str | None = None


def find(ledger: RecordLedger, connection: str, typed: str) -> Found | None:
    """Return the record that is meant, or None where the ledger knows none of those that may be.

    Args:
        ledger: of the connection.
        connection: its name.
        typed: a key, a number, or ``hubspot:`` and a record's id.

    Raises:
        UsageError: it is no key, or fits several records.
    """
    if typed.strip().casefold().startswith(HUBSPOT):
        return _by_hubspot_id(ledger, typed.strip()[len(HUBSPOT) :].strip(), connection)
    asked = meant(typed, connection)
    known = ledger.known(asked.keys, EVERY_OBJECT)
    if not known:
        return None
    if len(known) > 1 and not (asked.certain and known[0] == asked.keys[0]):
        raise UsageError(
            f"{typed.strip()!r} fits {len(known)} records of {connection}: {', '.join(known[: NAMED * 2])}.",
            remedy="Ask for one of them.",
        )
    return _said(typed, known[0])


def _said(typed: str, key: str) -> Found:
    return Found(key, None if key == typed.strip() else f"{typed.strip()} is {key} here.")


def _by_hubspot_id(ledger: RecordLedger, hubspot_id: str, connection: str) -> Found:
    rows = ledger.same_record(EVERY_OBJECT, [hubspot_id])
    if not rows:
        raise UsageError(
            f"{connection} has no record that is {hubspot_id!r} in HubSpot.",
            remedy="Ask for it by its number in Visma; a record that no run has written or found is not known here.",
        )
    if len({row.object_type for row in rows}) > 1:
        keys = ", ".join(row.record_key for row in rows)
        raise UsageError(
            f"{hubspot_id!r} is the id of several records: {keys}.", remedy="Ask for one of them."
        )
    return Found(rows[0].record_key, f"HubSpot's {rows[0].object_type} {hubspot_id} is {rows[0].record_key}.")


def unknown(ledger: RecordLedger, connection: str, typed: str) -> UsageError:
    """Return the error for a record that nothing is known of, with the nearest that are known."""
    asked = meant(typed, connection)
    close = near(ledger, asked)
    hint = (
        f"The nearest known: {', '.join(close)}."
        if close
        else f"Nothing like it is known. Records are asked for as {', '.join(one for one in OBJECTS)}:<number>."
    )
    return UsageError(f"{connection} knows nothing of {asked.keys[0]}.", remedy=hint)


def near(ledger: RecordLedger, asked: Meant) -> tuple[str, ...]:
    """Return known keys that a text may be a slip of: one letter off, of another kind, or beside it in the alphabet."""
    key = asked.keys[0]
    if ">" in key:
        return ()
    number = key.rpartition(":")[2]
    others = meant(number, "").keys if number else ()
    close = ledger.known([*slips(key), *others], [*OBJECTS.get(kind_of(key), ()), *EVERY_OBJECT])
    return nearest(key, dict.fromkeys([*close, *ledger.neighbours(key, NAMED)]), NAMED)
