"""What every page of the portal has around it."""

from importlib.resources import files

from ml_connector.sandbox.hubspot.account import Account
from ml_connector.sandbox.hubspot.object_types import ObjectType
from ml_connector.sandbox.hubspot.pages.markup import Markup, joined, tag

STYLE = files("ml_connector.sandbox.hubspot.pages").joinpath("style.css").read_text(encoding="utf-8")
ALWAYS_SHOWN = ("companies", "contacts", "deals", "invoices")


def page(account: Account, title: str, content: Markup, current: ObjectType | None = None) -> str:
    """Return a whole page; ``current`` is the type whose menu entry is marked."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Sandbox portal"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/portal/style.css"),
    )
    body = tag(
        "body",
        tag("a", "Skip to content", class_="skip", href="#content"),
        tag("header", _brand(account), _menu(account, current), class_="top"),
        tag("main", content, id="content"),
        tag(
            "footer",
            "A pretend CRM for trying things out. Nothing here reaches a real account.",
            class_="foot",
        ),
    )
    return f"<!doctype html>{tag('html', head, body, lang='en')}"


def _brand(account: Account) -> Markup:
    return tag(
        "a",
        tag("span", "S", class_="mark", aria_hidden="true"),
        tag("span", tag("b", "Sandbox portal"), tag("small", f"Account {account.settings.portal_id}")),
        class_="brand",
        href="/",
    )


def _menu(account: Account, current: ObjectType | None) -> Markup:
    items = []
    first = {name: place for place, name in enumerate(ALWAYS_SHOWN)}
    for store in sorted(account.stores.values(), key=lambda item: first.get(item.type.name, len(first))):
        kind = store.type
        wanted = kind.name in ALWAYS_SHOWN or (bool(store.active) and kind.name != "line_items")
        if not wanted:
            continue
        here = current is not None and current.type_id == kind.type_id
        items.append(
            tag(
                "a",
                kind.plural_label,
                tag("span", f"{len(store.active):,}".replace(",", "\u202f"), class_="count"),
                href=list_address(kind),
                aria_current="page" if here else None,
            )
        )
    return tag("nav", joined(*items), aria_label="Records")


def list_address(kind: ObjectType) -> str:
    """Return the address of a type's list."""
    return "/" if kind.name == "companies" else f"/portal/{kind.name}"


def record_address(kind: ObjectType, record_id: str) -> str:
    """Return the address of a record's page."""
    return f"/portal/{kind.name}/{record_id}"
