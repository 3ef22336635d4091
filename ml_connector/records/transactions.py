"""Journal transactions that are sales become transaction records. Pure.

A batch is a sale when it is in an actual ledger and has a line on an account the rules take: by default any account of
type Income, whatever the module.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ml_connector.errors import StorageError
from ml_connector.records.amounts import ZERO, decimal, money_text
from ml_connector.records.booking_model import NO_SALE, TransactionRecord
from ml_connector.records.days import day, iso
from ml_connector.records.fields import free_text, part, trouble, utc_stamp
from ml_connector.records.invoice_model import KINDS, VOIDED, document_key
from ml_connector.records.invoices import not_released
from ml_connector.records.normal_forms import text
from ml_connector.settings.money import TransactionRules
from ml_connector.visma.snapshots import SnapshotRows, Values, Version, newest

RELEASED = frozenset({"Posted", "Unposted"})
"""Statuses of batches that count; others may still change or vanish (reference: visma 4.4)."""

RECEIVABLES = "AR"
"""The module whose lines name customers and their documents; in others the same fields name suppliers and theirs."""

DOCUMENT_CODES = {"INV": "Invoice", "CRM": "CreditNote", "DRM": "DebitNote"}
"""Short codes that ``transactionType`` may hold instead of the word."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What the rules need of the reference data: type by account number, and the numbers of actual ledgers."""

    account_types: Mapping[str, str]
    actual_ledgers: Collection[str]


def chart_of(accounts: SnapshotRows, ledgers: SnapshotRows) -> Chart:
    """Return what the rules need of the snapshots of ``accounts`` and ``ledgers``."""
    return Chart(
        account_types={
            str(version.values.get("accountCD")).strip(): str(version.values.get("type"))
            for version in newest(accounts)
        },
        actual_ledgers=frozenset(
            str(version.values.get("number")).strip()
            for version in newest(ledgers)
            if version.values.get("balanceType") == "Actual"
        ),
    )


def transactions(
    snapshot: SnapshotRows, chart: Chart, rules: TransactionRules, *, connection: str, stamp_zone: ZoneInfo
) -> Iterator[TransactionRecord]:
    """Yield a record per batch of a snapshot of ``journal_transactions``; of those that are no sales it says only that.

    Args:
        snapshot: the rows, one per batch.
        chart: accounts and ledgers.
        rules: which batches are sales.
        connection: the connection's name, the first part of every id in HubSpot.
        stamp_zone: the zone of Visma's naive stamps.

    Raises:
        StorageError: there are batches, but nothing to tell by which are sales; to leave them all out would be a lie.
    """
    told = (rules.account_ranges or chart.account_types) and (rules.ledgers or chart.actual_ledgers)
    for version in newest(snapshot):
        if not told:
            raise StorageError(
                "There are journal batches, but no accounts or no actual ledger to tell by which of them are sales.",
                remedy="Read accounts and ledgers again, then make the transactions.",
            )
        try:
            lines = sales_lines(version, chart, rules)
            yield (
                _transaction(version, lines, connection, stamp_zone)
                if lines
                else _blank(version, skip=NO_SALE)
            )
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            yield _blank(version, refusal=trouble(error))


def sales_lines(version: Version, chart: Chart, rules: TransactionRules) -> list[Values]:
    """Return the lines of a batch that are sales, none for a batch of another ledger or module."""
    row = version.values
    if rules.modules and version.key.partition(":")[0] not in rules.modules:
        return []
    if text(row.get("ledger")) not in (rules.ledgers or chart.actual_ledgers):
        return []
    return [line for line in row.get("journalTransactionLines") or () if is_sale(line, chart, rules)]


def is_sale(line: Values, chart: Chart, rules: TransactionRules) -> bool:
    """Return whether a journal line stands on an account, and in dimensions, that the rules take."""
    account = text(line.get("accountNumber")) or ""
    if rules.account_ranges:
        on_account = any(_between(account, first, last) for first, last in rules.account_ranges)
    else:
        on_account = chart.account_types.get(account) in rules.account_types
    return on_account and all(_segment(line, name) in values for name, values in rules.dimensions.items())


def _between(account: str, first: str, last: str) -> bool:
    """Return whether an account is in a range: as numbers where all three are, else as text."""
    if account.isdecimal() and first.isdecimal() and last.isdecimal():
        return int(first) <= int(account) <= int(last)
    return first <= account <= last


def _segment(line: Values, segment_id: str) -> str | None:
    """Return the value of a line's sub-account in a segment."""
    for segment in part(line, "subaccount", "segments") or ():
        if str(segment.get("segmentId")) == segment_id:
            return text(segment.get("segmentValue"))
    return None


def _transaction(
    version: Version, lines: Sequence[Values], connection: str, stamp_zone: ZoneInfo
) -> TransactionRecord:
    """Return the record of a batch (``JournalTransactionDto``, reference: visma 4.4) with these lines as sales."""
    row = version.values
    module, _, batch = version.key.partition(":")
    status = text(row.get("status")) or ""
    booked = sum(
        (decimal(line.get("creditAmount")) - decimal(line.get("debitAmount")) for line in lines), ZERO
    )
    amount = ZERO if status == VOIDED else booked
    return TransactionRecord(
        module=module,
        batch=batch,
        status=status,
        stamp=version.stamp,
        partition=version.partition,
        customer=_customer(lines) if module == RECEIVABLES else None,
        document=_document(lines) if module == RECEIVABLES else None,
        amount=amount,
        properties={
            "visma_transaction_id": f"{connection}:{version.key}",
            "visma_module": module,
            "visma_batch_number": batch,
            "visma_amount": money_text(amount),
            "visma_period": text(row.get("financialPeriod")),
            "visma_transaction_date": iso(day(row.get("transactionDate"))),
            "visma_description": free_text(row.get("description")),
            "visma_dimensions": dimensions(lines),
            "visma_last_modified": utc_stamp(version.stamp, stamp_zone),
        },
        skip=None if status in RELEASED or status == VOIDED else not_released(status),
    )


def dimensions(lines: Sequence[Values]) -> str | None:
    """Return the segments of the lines' sub-accounts by name, each once: ``Department: Sales; Region: North``."""
    found: dict[str, None] = {}
    for line in lines:
        for segment in part(line, "subaccount", "segments") or ():
            name = text(segment.get("segmentDescription")) or text(segment.get("segmentId"))
            value = text(segment.get("segmentValueDescription")) or text(segment.get("segmentValue"))
            if value:
                found[f"{name}: {value}"] = None
    return "; ".join(found) or None


def _customer(lines: Sequence[Values]) -> str | None:
    """Return the one customer that the lines name; None for none or several."""
    named = {found for line in lines if (found := text(line.get("customerSupplier")))}
    return f"customer:{named.pop()}" if len(named) == 1 else None


def _document(lines: Sequence[Values]) -> str | None:
    """Return the one document that the lines came from; None for none, or one among other things such as payments."""
    named = {
        (text(line.get("transactionType")) or "", number)
        for line in lines
        if (number := text(line.get("referenceNumber")))
    }
    if len(named) != 1:
        return None
    ((kind, number),) = named
    kind = DOCUMENT_CODES.get(kind, kind)
    return document_key(kind, number) if kind in KINDS else None


def _blank(version: Version, *, skip: str | None = None, refusal: str | None = None) -> TransactionRecord:
    """Return the record of a batch of which nothing travels."""
    module, _, batch = version.key.partition(":")
    return TransactionRecord(
        module, batch, "", version.stamp, version.partition, None, None, ZERO, {}, skip, refusal
    )
