"""The page of one record: who it is, what Visma says, what belongs to it, what changed lately."""

from collections.abc import Iterable, Sequence

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.frame import list_address
from ml_connector.sandbox.hubspot.pages.invoice import ALWAYS, lines_card, missing, open_balance
from ml_connector.sandbox.hubspot.pages.lists import Column, table
from ml_connector.sandbox.hubspot.pages.markup import Child, Markup, joined, tag
from ml_connector.sandbox.hubspot.pages.values import EMPTY, initials, moment, pill, plain, shown, title_of
from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.hubspot.times import iso

FIRST_LINKED, MOST_LINKED = 10, 200
MOST_CHANGES = 12
ABOUT: dict[str, tuple[str, ...]] = {
    "companies": (
        "domain",
        "phone",
        "website",
        "address",
        "address2",
        "zip",
        "city",
        "state",
        "country",
        "industry",
        "numberofemployees",
        "annualrevenue",
        "hubspot_owner_id",
        "description",
    ),
    "contacts": (
        "email",
        "hs_additional_emails",
        "phone",
        "mobilephone",
        "jobtitle",
        "company",
        "address",
        "zip",
        "city",
        "country",
        "hubspot_owner_id",
    ),
    "deals": (
        "dealstage",
        "amount",
        "deal_currency_code",
        "closedate",
        "pipeline",
        "hubspot_owner_id",
        "description",
    ),
    "invoices": (
        "hs_number",
        "hs_invoice_status",
        "hs_invoice_billable",
        "hs_currency",
        "hs_invoice_date",
        "hs_due_date",
        "hs_payment_date",
        "hs_amount_billed",
        "hs_purchase_order_number",
        "hs_comments",
    ),
}
NARROW = ("Visma", "Job title")
"""Columns that a card on a record's page has no room for."""

KEY_FIELDS = frozenset(
    "domain phone email address zip city country industry jobtitle hubspot_owner_id dealstage amount closedate"
    " hs_number hs_invoice_status hs_currency hs_invoice_date hs_due_date".split()
)
"""Shown even when they are empty."""
LINKED_ORDER = ("0-1", "0-2", "0-53", "0-8", "0-101", "0-3", "0-123")


def record_page(account: Account, kind: ObjectType, record: Record) -> Markup:
    """Return the content of a record's page."""
    about = [_visma(account, kind, record), _about(account, kind, record)]
    lines = [lines_card(account, kind, record)] if kind.name == "invoices" else []
    related = [*lines, *_linked(account, kind, record), _changes(account, kind, record)]
    return joined(
        tag("p", tag("a", f"← {kind.plural_label}", href=list_address(kind)), class_="back"),
        _header(account, kind, record),
        tag("div", tag("div", *about, class_="side"), tag("div", *related, class_="wide"), class_="columns"),
    )


def _header(account: Account, kind: ObjectType, record: Record) -> Markup:
    title = title_of(kind, record)
    pills = []
    for name in ("lifecyclestage", "dealstage", "hs_invoice_status", "hs_latest_status"):
        code = record.values.get(name)
        if code:
            pills.append(pill(plain(account, account.catalogue(kind).get(name), code), code))
    gone = None
    if record.archived_ms is not None:
        gone = tag("p", f"Archived {moment(iso(record.archived_ms))}.", class_="notice")
    elif record.merged_into is not None:
        gone = tag("p", f"Merged into record {record.merged_into}.", class_="notice")
    return joined(
        tag(
            "div",
            tag("span", initials(title), class_="badge large", aria_hidden="true"),
            tag(
                "div",
                tag("h1", title),
                tag("p", f"{kind.singular_label} · Record {record.id}", *pills, class_="under"),
            ),
            class_="who",
        ),
        gone,
    )


def _fields(account: Account, kind: ObjectType, record: Record, names: Iterable[str]) -> list[Child]:
    catalogue = account.catalogue(kind)
    rows: list[Child] = []
    for name in names:
        definition = catalogue.get(name)
        if definition is not None:
            text = record.values.get(name)
            rows.append(
                tag(
                    "div",
                    tag("dt", definition.label),
                    tag("dd", shown(account, definition, text)),
                    class_="field",
                )
            )
    return rows


def _about(account: Account, kind: ObjectType, record: Record) -> Markup:
    chosen = ABOUT.get(kind.name)
    if chosen is None:
        chosen = tuple(
            item.name
            for item in account.catalogue(kind).definitions.values()
            if item.name in record.values and not item.read_only and not item.name.startswith("visma_")
        )
    own = [
        item.name
        for item in account.catalogue(kind).definitions.values()
        if not item.hubspot_defined and not item.name.startswith("visma_") and item.group != "visma"
    ]
    names = dict.fromkeys([*chosen, *own, kind.created_property, kind.modified_property])
    rows = _fields(
        account, kind, record, [name for name in names if name in KEY_FIELDS or record.values.get(name)]
    )
    return tag("section", tag("h2", "About"), tag("dl", *rows), class_="card")


def _visma(account: Account, kind: ObjectType, record: Record) -> Markup:
    """Return the card of the properties that come from Visma; it says so when there are none."""
    names = [
        item.name
        for item in account.catalogue(kind).definitions.values()
        if item.archived_ms is None and (item.group == "visma" or item.name.startswith("visma_"))
    ]
    content: Child
    if not names:
        content = tag("p", "This account has no Visma fields yet.", class_="none")
    elif not any(record.values.get(name) for name in names):
        content = tag("p", f"This {kind.singular_label.lower()} is not connected to Visma.", class_="none")
    else:
        content = tag("dl", *_fields(account, kind, record, names))
    return tag("section", tag("h2", "Visma"), content, class_="card visma")


def _linked(account: Account, kind: ObjectType, record: Record) -> list[Markup]:
    """Return a card for each type of record that belongs to this one."""
    cards = []
    rank = {type_id: place for place, type_id in enumerate(LINKED_ORDER)}
    for store in sorted(account.stores.values(), key=lambda item: rank.get(item.type.type_id, len(rank))):
        if kind.name == "invoices" and store.type.name == "line_items":
            continue
        linked = account.links.of(kind.type_id, record.id, store.type.type_id)
        found = [other for other in map(store.get, linked) if other is not None]
        always = kind.name == "companies" and store.type.name in ("contacts", "invoices")
        if found or always or (kind.name == "invoices" and store.type.type_id in ALWAYS):
            cards.append(_linked_card(account, kind, record, store.type, found))
    return cards


def _linked_card(
    account: Account, kind: ObjectType, record: Record, other: ObjectType, found: Sequence[Record]
) -> Markup:
    def labels(_: Account, __: ObjectType, one: Record) -> Child:
        described = account.links.described(kind.type_id, record.id, other.type_id, one.id)
        return joined(*(pill(item.label) for item in described if item.label is not None))

    labelled = any(
        item.label is not None
        for one in found
        for item in account.links.described(kind.type_id, record.id, other.type_id, one.id)
    )
    title = tag("h2", other.plural_label, tag("span", str(len(found)), class_="count"))
    if not found:
        words = tag("p", f"No {other.plural_label.lower()} yet.", class_="none")
        return tag(
            "section", title, missing(kind, other) if kind.name == "invoices" else words, class_="card"
        )
    newest = sorted(found, key=lambda one: int(one.id), reverse=True)[:MOST_LINKED]
    extra = (Column("Link", labels),) if labelled else ()
    rest = newest[FIRST_LINKED:]
    more = None
    if rest:
        summary = tag("summary", f"Show {len(rest)} more")
        left = (
            tag("p", f"and {len(found) - MOST_LINKED} older", class_="none")
            if len(found) > MOST_LINKED
            else None
        )
        more = tag("details", summary, table(account, other, rest, extra, NARROW), left)
    owed = kind.name == "companies" and other.name == "invoices"
    return tag(
        "section",
        title,
        open_balance(account, kind, record) if owed else None,
        table(account, other, newest[:FIRST_LINKED], extra, NARROW),
        more,
        class_="card flush",
    )


def _changes(account: Account, kind: ObjectType, record: Record) -> Markup:
    """Return the latest changes of values, with who made them."""
    catalogue = account.catalogue(kind)
    rows: list[Child] = []
    for write in reversed(record.writes):
        who = (
            "A person" if write.source.type == "CRM_UI" else write.source.type.replace("_", " ").capitalize()
        )
        for name, text in write.changes.items():
            definition = catalogue.get(name)
            if definition is None or definition.read_only or len(rows) >= MOST_CHANGES:
                continue
            rows.append(
                tag(
                    "li",
                    tag(
                        "span",
                        tag("b", definition.label),
                        f": {plain(account, definition, text) if text else EMPTY}",
                    ),
                    tag("small", f"{who}, {moment(iso(write.at_ms))}"),
                )
            )
    return tag("section", tag("h2", "Latest changes"), tag("ul", *rows, class_="changes"), class_="card")
