"""Why a document differs between the two systems: one cause each, and the command that repairs it. Pure.

The two sides are compared with each other; the ledger is asked only why they differ.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from ml_connector.reconciliation.facts import Fact, Kind, Standing
from ml_connector.settings.money import DeletionPolicy
from ml_connector.visma.stamps import parsed_stamp
from ml_connector.windows import Window


class Cause(StrEnum):
    """Why a key differs. The words are those of the statement."""

    NOT_SYNCED = "not synced yet"
    REJECTED = "rejected"
    DRAFT = "draft in HubSpot"
    EDITED = "edited in HubSpot"
    DELETED_IN_VISMA = "deleted in Visma"
    DELETED_IN_HUBSPOT = "deleted in HubSpot"
    MISSING_LINK = "missing link"
    NOT_RELEASED = "not released in Visma"
    UNKNOWN = "unknown"


REPAIRED = frozenset({Cause.EDITED, Cause.DELETED_IN_HUBSPOT, Cause.MISSING_LINK, Cause.UNKNOWN})
"""Causes that ``reconcile --repair`` hands to the next sync; the others pass by themselves or wait for a person."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the ledger says a record was refused; ``dismissed`` by a person, it is not tried again by itself."""

    message: str
    dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a key: what was last sent, read like HubSpot's own values, and open refusals.

    The stamp of what was sent is the newest that was synced; ``line_refusal`` is that of one of a document's lines.
    """

    sent: Fact | None = None
    refusal: Refusal | None = None
    line_refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One key on which the two sides do not agree.

    Args:
        key: the document or transaction.
        cause: why.
        detail: the same in a sentence, without personal data.
        command: what repairs it, runnable as printed.
        fields: what differs: amount, balance, status, month, currency, customer, lines and what they come to; empty for
            a key on one side only.
        visma, hubspot: what each side says, or None.
    """

    key: str
    cause: Cause
    detail: str
    command: str
    fields: tuple[str, ...]
    visma: Fact | None
    hubspot: Fact | None

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return Kind(self.key.partition(":")[0])

    def is_repaired(self, connection: str) -> bool:
        """Whether a repair hands it to the next sync; what waits for a person or for Visma is left to them."""
        return self.cause in REPAIRED and self.command == repair_command(connection)

    @property
    def one_sided(self) -> bool:
        """Whether only one side has the key."""
        return self.visma is None or self.hubspot is None


class SyncedWindows:
    """Which windows are loaded, to tell a change that is still to be synced.

    Args:
        windows: all complete windows, oldest first.
        loaded: keys of those with a successful load.
        zone: of Visma's naive stamps.
    """

    def __init__(self, windows: Sequence[Window], loaded: Collection[str], zone: ZoneInfo) -> None:
        self._keys = [window.key for window in windows]
        self._ends = [window.end for window in windows]
        self._loaded = frozenset(loaded)
        self._zone = zone

    def unsynced(self, stamp: str) -> str | None:
        """Return the window a change waits for, empty for one that is not complete yet; None for a loaded one.

        A row without a readable stamp is looked at with every window, so the newest one tells.
        """
        naive = parsed_stamp(stamp)
        place = len(self._keys) - 1
        if naive is not None:
            place = bisect_right(self._ends, naive.replace(tzinfo=self._zone).astimezone(UTC))
        if not 0 <= place < len(self._keys):
            return ""
        return None if self._keys[place] in self._loaded else self._keys[place]

    @property
    def unsynced_since(self) -> datetime | None:
        """Where, on Visma's clock, the first window begins that is not loaded; None where it is the first of all."""
        if not self._keys or self._keys[0] not in self._loaded:
            return None
        last = next(
            (place for place, key in enumerate(self._keys) if key not in self._loaded), len(self._keys)
        )
        return self._ends[last - 1].astimezone(self._zone).replace(tzinfo=None)

    @property
    def newest(self) -> str | None:
        """The newest loaded window, or None before the first load."""
        return next((key for key in reversed(self._keys) if key in self._loaded), None)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What explanations need besides the two sides.

    Args:
        connection: its name, for commands.
        windows: which windows are loaded, per kind.
        settled: of documents that a payment touched: the stamp of the newest such payment. A payment may not touch the
            document's own stamp (reference: visma 3.2).
        silent: kinds of which Visma answered with nothing at all: a fault, not a deletion.
        deletions: what the connection does with records whose document is gone.
        refused: why customers are refused, by number; what belongs to one waits until a person has settled it.
    """

    connection: str
    windows: Callable[[Kind], SyncedWindows]
    settled: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[Kind] = frozenset()
    deletions: DeletionPolicy = DeletionPolicy.FLAG
    refused: Mapping[str, str] = field(default_factory=dict)


FIELDS = ("amount", "balance", "status", "month", "currency")
"""What both sides say of themselves."""


LINE_FIELDS = frozenset({"lines", "line_amount", "line_price"})
"""What both sides may say of a document's line items."""


UNOPENED = (Standing.RELEASED, Standing.DRAFT)
"""Issued in Visma, and in HubSpot still to be opened."""


def differing(visma: Fact, hubspot: Fact) -> tuple[str, ...]:
    """Return what two sides of one key do not agree in; what HubSpot cannot say is not held against it."""
    found = [name for name in FIELDS if getattr(visma, name) != getattr(hubspot, name)]
    if hubspot.month is None and "month" in found:
        found.remove("month")
    if "status" not in found and hubspot.standing is not Standing.DRAFT and visma.shown != hubspot.shown:
        found.append("status")
    if visma.customers and not set(visma.customers) <= set(hubspot.customers):
        found.append("customer")
    return (*found, *(name for name in sorted(LINE_FIELDS) if _line_figures_differ(name, visma, hubspot)))


def _line_figures_differ(name: str, visma: Fact, hubspot: Fact) -> bool:
    here, there = getattr(visma, name), getattr(hubspot, name)
    return here is not None and there is not None and here != there


def agrees(visma: Fact | None, hubspot: Fact | None) -> bool:
    """Whether there is nothing to explain about a key.

    What Visma has not released, and what was voided before it was ever sent, does not travel: both may be missing. What
    is not taken may be missing, and what HubSpot has of it from before is left alone.
    """
    if visma is not None and visma.standing is Standing.NOT_TAKEN:
        return True
    if visma is None or hubspot is None:
        return visma is not None and visma.standing is not Standing.RELEASED
    if visma.standing is Standing.HELD or (visma.standing, hubspot.standing) == UNOPENED:
        return False
    return not differing(visma, hubspot)


def explain(visma: Fact | None, hubspot: Fact | None, known: Known, around: Circumstances) -> Difference:
    """Return why the two sides of a key that do not agree differ."""
    one = visma or hubspot
    if one is None:
        raise ValueError("a difference has at least one side")
    cause, detail = _cause(visma, hubspot, known, around)
    fields = differing(visma, hubspot) if visma and hubspot else ()
    return Difference(one.key, cause, detail, command(cause, one, around), fields, visma, hubspot)


def _cause(
    visma: Fact | None, hubspot: Fact | None, known: Known, around: Circumstances
) -> tuple[Cause, str]:
    if visma is None:
        return _only_in_hubspot(hubspot, around)
    if hubspot is None:
        return _only_in_visma(visma, known, around)
    if visma.standing is Standing.HELD:
        return Cause.NOT_RELEASED, f"Visma has it as {visma.status or 'not released'}, HubSpot as released."
    if known.refusal is not None:
        return _refused(known.refusal)
    fields = differing(visma, hubspot)
    if (visma.standing, hubspot.standing) == UNOPENED:
        return Cause.DRAFT, hubspot.note or "It is not whole, and HubSpot does not say why."
    if edited := _edited(fields, visma, hubspot, known.sent):
        return Cause.EDITED, f"HubSpot's {_and(edited)} is not what was last sent, which is still right."
    if (window := _unsynced(visma, around)) is not None:
        return _waiting(window)
    if fields == ("customer",):
        return Cause.MISSING_LINK, _refused_customer(visma, around) or _elsewhere(visma, hubspot)
    if LINE_FIELDS.issuperset(fields):
        return _lines(visma, hubspot, known)
    return Cause.UNKNOWN, f"The two differ in {_and(fields)}, although its window is loaded."


def _elsewhere(visma: Fact, hubspot: Fact) -> str:
    """Say which company a document is linked to instead of its customer's."""
    linked = f"to customer {_and(hubspot.customers)}" if hubspot.customers else "to no customer's company"
    return f"HubSpot links it {linked}, Visma has it on customer {visma.customers[0]}."


def _lines(visma: Fact, hubspot: Fact, known: Known) -> tuple[Cause, str]:
    """Return why the line items of a document differ, which are otherwise than a sync has left them."""
    if known.line_refusal is not None:
        return _refused(known.line_refusal)
    wanted, there = visma.lines or 0, hubspot.lines or 0
    if there < wanted <= there + hubspot.loose:
        return Cause.MISSING_LINK, f"{wanted - there} of its {wanted} line items are not linked with it."
    if there != wanted:
        return Cause.EDITED, f"HubSpot has {there} of its line items, Visma {wanted}."
    return Cause.EDITED, "Its line items do not come to what they were sent with."


def _only_in_visma(visma: Fact, known: Known, around: Circumstances) -> tuple[Cause, str]:
    if known.refusal is not None:
        return _refused(known.refusal)
    if known.sent is not None:
        return (
            Cause.DELETED_IN_HUBSPOT,
            f"It was record {known.sent.hubspot_id}, which HubSpot lists no more.",
        )
    if (window := _unsynced(visma, around)) is not None:
        return _waiting(window)
    return Cause.UNKNOWN, "Its window is loaded, and yet it was never sent."


def _only_in_hubspot(hubspot: Fact | None, around: Circumstances) -> tuple[Cause, str]:
    if hubspot is not None and hubspot.kind in around.silent:
        return Cause.UNKNOWN, "Visma answered with an empty list, which is a fault and no deletion."
    by_policy = {
        DeletionPolicy.FLAG: "With `reconciliation.deletions: archive` a repair archives it.",
        DeletionPolicy.ARCHIVE: "A repair archives it.",
    }
    sale = " as a sale" if hubspot is not None and hubspot.kind is Kind.TRANSACTION else ""
    return Cause.DELETED_IN_VISMA, f"Visma lists it{sale} no more. {by_policy[around.deletions]}"


def _refused(refusal: Refusal) -> tuple[Cause, str]:
    aside = " It was put aside by a person." if refusal.dismissed else ""
    return Cause.REJECTED, f"{refusal.message}{aside}"


def _refused_customer(fact: Fact, around: Circumstances) -> str | None:
    """Return why there is no company that a record could be linked to; None where its customers are in order."""
    refused = (number for number in fact.customers if number in around.refused)
    return next((f"customer:{number} is refused: {around.refused[number]}" for number in refused), None)


def _waiting(window: str) -> tuple[Cause, str]:
    when = f"window {window}, which is not loaded" if window else "a window that is not complete"
    return Cause.NOT_SYNCED, f"It changed in {when} yet."


def _edited(fields: Iterable[str], visma: Fact, hubspot: Fact, sent: Fact | None) -> list[str]:
    """Return what HubSpot has otherwise than it was sent, while Visma still has it as it was sent."""
    if sent is None:
        return []
    return [name for name in fields if name != "customer" and _was_edited(name, visma, hubspot, sent)]


def _was_edited(name: str, visma: Fact, hubspot: Fact, sent: Fact) -> bool:
    names = ("status", "shown") if name == "status" else (name,)
    pairs = [(getattr(visma, item), getattr(hubspot, item), getattr(sent, item)) for item in names]
    return any(there != here and here == before for here, there, before in pairs)


def _unsynced(visma: Fact, around: Circumstances) -> str | None:
    """Return the window that the newest change of a document waits for, be it its own or that of a payment."""
    windows = around.windows(visma.kind)
    stamps = [visma.stamp, *filter(None, [around.settled.get(visma.key)])]
    waits = [window for stamp in stamps if (window := windows.unsynced(stamp)) is not None]
    return waits[0] if waits else None


def command(cause: Cause, fact: Fact, around: Circumstances) -> str:
    """Return the command that repairs a difference, runnable as printed."""
    name, newest = around.connection, around.windows(fact.kind).newest
    if cause in (Cause.NOT_SYNCED, Cause.NOT_RELEASED) or newest is None:
        return f"ml-connector sync {name}"
    waits = cause in (Cause.DRAFT, Cause.MISSING_LINK) and _refused_customer(fact, around)
    if cause is Cause.REJECTED or waits:
        return f"ml-connector rejects {name} list"
    if cause is Cause.DRAFT:
        return f"ml-connector sync {name} --partition {newest}"
    return repair_command(name)


def repair_command(connection: str) -> str:
    """Return the command that hands what drifted to the next sync."""
    return f"ml-connector reconcile {connection} --repair"


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
