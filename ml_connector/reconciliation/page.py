"""The statement as a page: self-contained HTML that prints on paper and fits a phone. Pure.

Every text is escaped; nothing is loaded from elsewhere and no script runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape

from ml_connector.pages.render import page
from ml_connector.reconciliation.chart import MOST_MONTHS, chart
from ml_connector.reconciliation.compare import CHECKS
from ml_connector.reconciliation.explain import Difference
from ml_connector.reconciliation.facts import Kind
from ml_connector.reconciliation.figures import shown, signed
from ml_connector.reconciliation.statement import (
    KIND_WORDS,
    NO_DATE,
    Statement,
    side_by_side,
)
from ml_connector.reconciliation.totals import ZERO, Pair, Sums

MOST_DIFFERENCES = 300
MOST_CUSTOMERS = 200
"""Rows of the two long tables; the files beside the page have all of them."""

MONTH_COLUMNS = ("Month", "Visma", "HubSpot", "Difference", "Open in Visma", "Open in HubSpot", "Difference")


def as_html(statement: Statement) -> str:
    """Return the statement as one HTML document."""
    parts = (
        _head(statement),
        _checks(statement),
        *(_currency(statement, currency) for currency in statement.currencies),
        _sales(statement),
        _differences(statement),
        _customers(statement),
        _notes(statement),
        _signature(),
    )
    title = f"Reconciliation {statement.connection}, {statement.span}"
    return page("statement.html", title=title, body="".join(parts))


def _head(statement: Statement) -> str:
    facts = {
        "Connection": statement.connection,
        "HubSpot portal": str(statement.portal_id),
        "Months": statement.span,
        "Compared at": statement.moment,
        "Synced through": statement.synced_through or "nothing yet",
        "Records compared": f"{statement.found.compared.total():,}",
        "Run": statement.run_id or "none",
    }
    listed = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()
    )
    mood = "good" if statement.agrees else "bad"
    return (
        "<header><h1>Reconciliation of Visma.net and HubSpot</h1>"
        f'<p class="verdict {mood}">{escape(statement.headline)}</p><dl>{listed}</dl></header>'
    )


def _checks(statement: Statement) -> str:
    rows = "".join(
        f'<tr class="{"" if item.passed else "off"}"><td class="tick">{"✓" if item.passed else "✗"}</td>'
        f"<td>{escape(CHECKS[item.name])}<br><small>{escape(item.sentence)}</small></td></tr>"
        for item in statement.verdicts
    )
    return f'<section><h2>What was checked</h2><table class="checks"><tbody>{rows}</tbody></table></section>'


def _currency(statement: Statement, currency: str) -> str:
    months = statement.months(currency)
    kinds = [(KIND_WORDS[kind], *_figures(pair)) for kind, pair in statement.by_kind(currency).items()]
    rows = [(month or NO_DATE, *_figures(pair)) for month, pair in months.items()]
    total = ("Total", *_figures(_total(months.values())))
    legend = '<p class="legend"><span class="visma"></span>Visma <span class="hubspot"></span>HubSpot</p>'
    drawing = chart(months, escape(currency or "no currency"))
    newest = f"<p><small>The newest {MOST_MONTHS} months.</small></p>" if len(months) > MOST_MONTHS else ""
    return (
        f"<section><h2>{escape(currency or 'No currency')}</h2>"
        + (f"<figure>{drawing}{legend}{newest}</figure>" if drawing else "")
        + _money_table(("", *MONTH_COLUMNS[1:]), kinds, total)
        + _money_table(MONTH_COLUMNS, rows, total)
        + "</section>"
    )


def _sales(statement: Statement) -> str:
    if not statement.sales:
        return ""
    kept = Kind.TRANSACTION in statement.kinds
    columns = ("Month", "Visma", *(("HubSpot", "Difference") if kept else ()))
    rows = [
        (f"{month or NO_DATE} {currency}", *_figures(pair)[: 3 if kept else 1])
        for (month, currency), pair in statement.sales.items()
    ]
    return f"<section><h2>Sales transactions</h2>{_money_table(columns, rows)}</section>"


def _figures(pair: Pair) -> tuple[str, ...]:
    return (
        shown(pair.visma.amount),
        shown(pair.hubspot.amount),
        signed(pair.amount_difference),
        shown(pair.visma.balance),
        shown(pair.hubspot.balance),
        signed(pair.balance_difference),
    )


def _total(pairs: Iterable[Pair]) -> Pair:
    total = Pair(Sums(), Sums())
    for pair in pairs:
        total.visma.join(pair.visma)
        total.hubspot.join(pair.hubspot)
    return total


def _money_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], total: Sequence[str] | None = None
) -> str:
    """Return a table of amounts; on a phone each row is a card whose cells say which column they are."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(_money_row(columns, row) for row in rows)
    foot = f"<tfoot>{_money_row(columns, total)}</tfoot>" if total else ""
    return f'<table class="money"><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>'


def _money_row(columns: Sequence[str], row: Sequence[str]) -> str:
    """Return a row; a second line of its name is set small."""
    cells = "".join(
        f'<td data-name="{escape(name)}"{_off(name, cell)}>{escape(cell)}</td>'
        for name, cell in zip(columns[1:], row[1:], strict=True)
    )
    name, _, below = row[0].partition("\n")
    small = f"<small>{escape(below)}</small>" if below else ""
    return f'<tr><th scope="row">{escape(name)}{small}</th>{cells}</tr>'


def _off(name: str, cell: str) -> str:
    return ' class="off"' if name == "Difference" and Decimal(cell.replace(",", "")) != ZERO else ""


def _differences(statement: Statement) -> str:
    found = statement.found
    if found.agrees:
        return "<section><h2>Differences</h2><p>None.</p></section>"
    rows = "".join(_difference(item, statement.names) for item in found.differences[:MOST_DIFFERENCES])
    left = found.different - min(found.different, MOST_DIFFERENCES)
    more = f"<p>And {left:,} more; statement.json beside this page has them.</p>" if left > 0 else ""
    head = "<tr><th>Record</th><th>Cause</th><th>Visma</th><th>HubSpot</th></tr>"
    return (
        f'<section><h2>Differences ({found.different:,})</h2><table class="list"><thead>{head}</thead>'
        f"<tbody>{rows}</tbody></table>{more}</section>"
    )


def _difference(item: Difference, names: Mapping[str, str]) -> str:
    one = item.visma or item.hubspot
    customer = one.customers[0] if one and one.customers else ""
    said = side_by_side(item)
    return (
        f'<tr><th scope="row">{escape(item.key)}<small>{_customer(customer, names)}</small></th>'
        f"<td><strong>{escape(item.cause)}</strong><br>{escape(item.detail)}<br><code>{escape(item.command)}</code></td>"
        f'<td data-name="Visma">{_said((name, here) for name, here, _ in said)}</td>'
        f'<td data-name="HubSpot">{_said((name, there) for name, _, there in said)}</td></tr>'
    )


def _said(pairs: Iterable[tuple[str, str]]) -> str:
    return "<br>".join(f"<small>{escape(name)}</small> {escape(value)}" for name, value in pairs)


def _customer(number: str, names: Mapping[str, str]) -> str:
    return escape(f"{number} {names.get(number, '')}".strip()) if number else "no customer"


def _customers(statement: Statement) -> str:
    off = statement.customers_off
    if not off:
        return ""
    rows = [
        (
            f"{group.month or NO_DATE} {group.currency}, {KIND_WORDS[group.kind].lower()}\n"
            + (
                f"{group.customer} {statement.names.get(group.customer, '')}"
                if group.customer
                else "no customer"
            ),
            *_figures(pair),
        )
        for group, pair in off[:MOST_CUSTOMERS]
    ]
    left = len(off) - len(rows)
    more = f"<p>And {left:,} more; statement.csv beside this page has them.</p>" if left else ""
    return (
        "<section><h2>Customers whose totals differ</h2>"
        f"{_money_table(('Customer', *MONTH_COLUMNS[1:]), rows)}{more}</section>"
    )


def _notes(statement: Statement) -> str:
    if not statement.notes:
        return ""
    listed = "".join(f"<li>{escape(note)}</li>" for note in statement.notes)
    return f"<section><h2>Notes</h2><ul>{listed}</ul></section>"


def _signature() -> str:
    line = "<div><span></span>{}</div>"
    return (
        '<section class="signature">'
        + "".join(line.format(word) for word in ("Prepared by, date", "Approved by, date"))
        + "</section>"
    )
