"""Lists of records: what to show of each type, searching, paging."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.frame import list_address, record_address
from ml_connector.sandbox.hubspot.pages.markup import Child, Markup, joined, tag
from ml_connector.sandbox.hubspot.pages.values import (
    day,
    initials,
    money,
    pill,
    plain,
    shown,
    title_of,
    whole,
)
from ml_connector.sandbox.hubspot.records import Record

PAGE_SIZE = 25
SEARCHED = (
    "name",
    "domain",
    "email",
    "firstname",
    "lastname",
    "phone",
    "city",
    "dealname",
    "hs_number",
    "hs_order_name",
    "hs_reference_number",
)

BADGED = frozenset({"companies", "contacts", "deals"})
"""Types whose records have a name worth two letters."""

Cell = Callable[[Account, ObjectType, Record], Child]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what is in it, and whether it holds figures."""

    label: str
    cell: Cell
    figures: bool = False


def value(name: str) -> Cell:
    """Return a cell that shows a property."""

    def cell(account: Account, kind: ObjectType, record: Record) -> Child:
        return shown(account, account.catalogue(kind).get(name), record.values.get(name))

    return cell


def date_of(name: str) -> Cell:
    """Return a cell that shows the day of a date or moment."""

    def cell(account: Account, kind: ObjectType, record: Record) -> Child:
        text = record.values.get(name)
        return tag("span", day(text), class_="whole") if text else shown(account, None, None)

    return cell


def amount(names: Sequence[str], currencies: Sequence[str]) -> Cell:
    """Return a cell that shows the first amount there is, with the first currency there is."""

    def cell(_: Account, __: ObjectType, record: Record) -> Child:
        found = next((record.values[name] for name in names if record.values.get(name)), None)
        code = next((record.values[name] for name in currencies if record.values.get(name)), None)
        return money(found, code)

    return cell


def status(name: str) -> Cell:
    """Return a cell that shows an enumeration as a pill."""

    def cell(account: Account, kind: ObjectType, record: Record) -> Child:
        code = record.values.get(name)
        if not code:
            return shown(account, None, None)
        return pill(plain(account, account.catalogue(kind).get(name), code), code)

    return cell


def visma_keys(_: Account, __: ObjectType, record: Record) -> Child:
    """Return pills for the Visma numbers of a record."""
    found = [
        tag("span", number.rpartition(":")[2], class_="pill visma", title=number)
        for name, number in sorted(record.values.items())
        if name.startswith("visma_") and name.endswith("_id")
    ]
    return joined(*found) if found else shown(_, None, None)


COLUMNS: dict[str, tuple[Column, ...]] = {
    "companies": (
        Column("Visma", visma_keys),
        Column("Domain", value("domain")),
        Column("Phone", value("phone")),
        Column("City", value("city")),
        Column("Stage", status("lifecyclestage")),
    ),
    "contacts": (
        Column("Email", value("email")),
        Column("Phone", value("phone")),
        Column("Job title", value("jobtitle")),
        Column("Visma", visma_keys),
    ),
    "deals": (
        Column("Stage", status("dealstage")),
        Column("Closes", date_of("closedate")),
        Column("Amount", amount(("amount",), ("deal_currency_code",)), figures=True),
    ),
    "invoices": (
        Column("Status", status("hs_invoice_status")),
        Column("Date", date_of("hs_invoice_date")),
        Column("Due", date_of("hs_due_date")),
        Column("Amount", amount(("visma_amount", "hs_amount_billed"), ("hs_currency",)), figures=True),
        Column("Balance", amount(("visma_balance", "hs_balance_due"), ("hs_currency",)), figures=True),
    ),
    "line_items": (
        Column("Quantity", value("quantity"), figures=True),
        Column("Unit price", amount(("price",), ("hs_line_item_currency_code",)), figures=True),
        Column("Net", amount(("visma_net_amount", "amount"), ("hs_line_item_currency_code",)), figures=True),
    ),
    "commerce_payments": (
        Column("Status", status("hs_latest_status")),
        Column("Date", date_of("hs_initiated_date")),
        Column("Amount", amount(("hs_initial_amount",), ("hs_currency_code",)), figures=True),
    ),
    "orders": (
        Column("Status", status("hs_pipeline_stage")),
        Column("Amount", amount(("hs_total_price",), ("hs_currency_code",)), figures=True),
    ),
}
OTHER_COLUMNS = (Column("Visma", visma_keys), Column("Changed", value("hs_lastmodifieddate")))
POSTED = (
    ("Date", "visma_transaction_date"),
    ("Period", "visma_period"),
    ("Module", "visma_module"),
    ("Description", "visma_description"),
    ("Amount", "visma_amount"),
)
"""Columns of a type of the account's own that holds postings, where it has these properties."""


def columns_of(account: Account, kind: ObjectType) -> Sequence[Column]:
    """Return the columns of a type; one of the account's own shows the postings it holds, if it does."""
    if kind.name in COLUMNS:
        return COLUMNS[kind.name]
    catalogue = account.catalogue(kind)
    posted = [
        Column(label, value(name), figures=label == "Amount")
        for label, name in POSTED
        if catalogue.get(name) is not None
    ]
    return posted or OTHER_COLUMNS


def record_list(account: Account, kind: ObjectType, query: str, page_number: int) -> Markup:
    """Return the list of a type: newest first, ``query`` in any of the usual fields, 25 to a page."""
    found = _matching(account, kind, query)
    last_page = max(1, -(-len(found) // PAGE_SIZE))
    page_number = min(max(page_number, 1), last_page)
    first = (page_number - 1) * PAGE_SIZE
    records = found[first : first + PAGE_SIZE]
    heading = tag("div", tag("h1", kind.plural_label), _search_box(kind, query), class_="heading")
    if not records:
        return joined(heading, _nothing(kind, query))
    return joined(
        heading,
        tag("div", table(account, kind, records), class_="card flush"),
        _pager(kind, query, page_number, last_page, (first + 1, first + len(records), len(found))),
    )


def table(
    account: Account,
    kind: ObjectType,
    records: Sequence[Record],
    extra: Sequence[Column] = (),
    without: Sequence[str] = (),
) -> Markup:
    """Return a table of records; the first column leads to each, ``without`` names columns to leave out."""
    columns = [*(item for item in columns_of(account, kind) if item.label not in without), *extra]
    head = [tag("th", "Name", scope="col")]
    head += [
        tag("th", column.label, scope="col", class_="figures" if column.figures else None)
        for column in columns
    ]
    rows = []
    for record in records:
        title = title_of(kind, record)
        badge = (
            tag("span", initials(title), class_="badge", aria_hidden="true") if kind.name in BADGED else None
        )
        link = tag("a", title, href=record_address(kind, record.id), class_=whole(title))
        name = tag("th", tag("span", badge, link, class_="name"), scope="row")
        cells = [
            tag(
                "td",
                tag("span", column.cell(account, kind, record)),
                data_label=column.label,
                class_="figures" if column.figures else None,
            )
            for column in columns
        ]
        rows.append(tag("tr", name, *cells))
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows))


def _matching(account: Account, kind: ObjectType, query: str) -> list[Record]:
    store = account.store(kind)
    records = [store.records[str(number)] for number in reversed(store.active)]
    words = query.lower().split()
    if not words:
        return records
    return [record for record in records if _has(record, words)]


def _has(record: Record, words: Sequence[str]) -> bool:
    values = record.values
    parts = [values.get(name, "") for name in SEARCHED]
    parts += [text for name, text in values.items() if name.startswith("visma_")]
    text = " ".join(parts).lower()
    return all(word in text for word in words)


def _search_box(kind: ObjectType, query: str) -> Markup:
    label = f"Search {kind.plural_label.lower()}"
    return tag(
        "form",
        tag("input", type="search", name="q", value=query, placeholder=label, aria_label=label),
        tag("button", "Search", type="submit"),
        role="search",
        action=list_address(kind),
    )


def _nothing(kind: ObjectType, query: str) -> Markup:
    if query:
        text = f"No {kind.plural_label.lower()} match “{query}”."
        more: Child = tag("a", f"Show all {kind.plural_label.lower()}", href=list_address(kind))
    else:
        text = f"No {kind.plural_label.lower()} yet."
        more = "They appear here after the first sync."
    return tag("div", tag("p", text), tag("p", more), class_="card nothing")


def _pager(kind: ObjectType, query: str, number: int, last: int, shown_range: tuple[int, int, int]) -> Markup:
    start, end, total = shown_range

    def link(text: str, to: int, *, there: bool) -> Markup:
        if not there:
            return tag("span", text, class_="off")
        asked = {"q": query, "page": to} if query else {"page": to}
        return tag("a", text, href=f"{list_address(kind)}?{urlencode(asked)}")

    return tag(
        "nav",
        tag("span", f"{start}–{end} of {total:,}".replace(",", "\u202f")),
        tag(
            "span",
            link("Previous", number - 1, there=number > 1),
            link("Next", number + 1, there=number < last),
            class_="steps",
        ),
        class_="pager",
        aria_label="Pages",
    )
