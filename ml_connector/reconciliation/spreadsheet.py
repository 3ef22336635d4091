"""The statement as CSV: one row per month, currency and customer, with exact decimals, for a spreadsheet. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal

from ml_connector.reconciliation.facts import DOCUMENTS, Kind
from ml_connector.reconciliation.statement import Statement
from ml_connector.reconciliation.totals import Group, Pair
from ml_connector.records.amounts import money_text

WORDS = {
    Kind.INVOICE: "invoices",
    Kind.CREDIT_NOTE: "credit_notes",
    Kind.DEBIT_NOTE: "debit_notes",
    Kind.TRANSACTION: "transactions",
}

MEASURES = (*(WORDS[kind] for kind in DOCUMENTS), "balance", WORDS[Kind.TRANSACTION])

COLUMNS = (
    "connection",
    "portal_id",
    "compared_at",
    "month",
    "currency",
    "customer",
    "customer_name",
    *(f"{measure}_{side}" for measure in MEASURES for side in ("visma", "hubspot", "difference")),
)
"""The names of the columns; ``difference`` is HubSpot less Visma."""

FORMULA = re.compile(r"^(?=[=+\-@\t\r\n＝＋－＠])|(?<=[;\t\r\n])(?=[=+\-@＝＋－＠])")
"""Where a formula may begin: a spreadsheet set to Norwegian cuts at semicolons too, a Japanese one takes wide signs."""


def as_csv(statement: Statement) -> str:
    """Return the statement as CSV (RFC 4180), with a heading line.

    A measure that HubSpot does not keep has no figures there; one that has no documents is zero.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(statement))
    return text.getvalue()


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return FORMULA.sub("'", text)


def _rows(statement: Statement) -> Iterator[list[str]]:
    start = [
        statement.connection,
        str(statement.portal_id),
        statement.compared_at.isoformat(timespec="seconds"),
    ]
    for (month, currency, customer), kinds in _by_customer(statement).items():
        name = statement.names.get(customer, "")
        figures = [
            cell
            for measure in MEASURES
            for cell in _figures(measure, kinds, kept=measure != "transactions" or _keeps_sales(statement))
        ]
        yield [*start, month, safe(currency), safe(customer), safe(name), *figures]


def _by_customer(statement: Statement) -> dict[tuple[str, str, str], dict[Kind, Pair]]:
    found: dict[tuple[str, str, str], dict[Kind, Pair]] = {}
    for group, pair in statement.found.totals:
        found.setdefault(_customer(group), {})[group.kind] = pair
    return found


def _customer(group: Group) -> tuple[str, str, str]:
    return group.month, group.currency, group.customer


def _keeps_sales(statement: Statement) -> bool:
    return Kind.TRANSACTION in statement.kinds


def _figures(measure: str, kinds: dict[Kind, Pair], *, kept: bool) -> list[str]:
    here, there = _amounts(measure, kinds)
    return [money_text(here), *([money_text(there), money_text(there - here)] if kept else ["", ""])]


def _amounts(measure: str, kinds: dict[Kind, Pair]) -> tuple[Decimal, Decimal]:
    zero = Decimal(0)
    if measure == "balance":
        pairs = [kinds[kind] for kind in DOCUMENTS if kind in kinds]
        here = sum((pair.visma.balance for pair in pairs), zero)
        return here, sum((pair.hubspot.balance for pair in pairs), zero)
    pairs = [pair for kind, pair in kinds.items() if WORDS[kind] == measure]
    return sum((pair.visma.amount for pair in pairs), zero), sum(
        (pair.hubspot.amount for pair in pairs), zero
    )
