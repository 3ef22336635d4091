"""A day on which everything happens: documents made, paid, voided and changed, customers new and renamed.

Runs inside the portal's process, on the sandbox's books, which are those of a part of a year.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from bench.works import COMPANY_KEY, CONNECTION
from ml_connector.sandbox.books.documents import Document
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.visma.new_lines import NewLine

LINES = ("100", "49.90", "12.50")
"""Unit prices of the lines of a new document."""

PAYMENT = Decimal(10)


def happen(sandbox: Sandbox, size: int, days_ago: int) -> dict[str, int]:
    """Enter a day's events, about ``size`` operations for HubSpot, and return how many of each kind."""
    visma, books = sandbox.visma, sandbox.visma.books
    noon = visma.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    documents = [one for one in books.books.invoices if _is_plain(one)]
    some = size // 70
    made = _customers(sandbox, noon, 2 * some)
    renamed = visma.keys("customers")[: 2 * some]
    for number in renamed:
        visma.update("customers", number, {"name": f"Renamed {number}"}, stamp=noon)
    for number in [*made, *renamed, *made]:
        books.add_invoice(number, [_line(price) for price in LINES], stamp=noon)
    for one in documents[:some]:
        books.remove_line(one.key, one.lines[-1].number, stamp=noon)
    for one in documents[some : 2 * some]:
        books.change_line(one.key, one.lines[0].number, price=Decimal("77.70"), stamp=noon)
    paid = [one.key for one in documents[2 * some : 4 * some] if one.balance > PAYMENT]
    for key in paid:
        books.pay({key: PAYMENT}, stamp=noon)
    return {
        "customers_made": len(made),
        "customers_renamed": len(renamed),
        "documents_made": 2 * len(made) + len(renamed),
        "documents_paid": len(paid),
        "lines_changed": len(documents[some : 2 * some]),
        "lines_removed": len(documents[:some]),
    }


def edit(sandbox: Sandbox, number: int) -> list[str]:
    """Let a person change values of renamed and of new companies, and return the keys of both."""
    touched: list[str] = []
    by_key = {one.values.get(COMPANY_KEY, ""): one for one in sandbox.hubspot.records("companies").values()}
    renamed = [key for key, one in by_key.items() if one.values.get("name", "").startswith("Renamed ")]
    new = [key for key, one in by_key.items() if one.values.get("name", "").startswith("New ")]
    for keys, values in ((renamed, {"name": "A person's name"}), (new, {"industry": "AIRLINES_AVIATION"})):
        for key in keys[:number]:
            sandbox.hubspot.edit_as_person("companies", by_key[key].id, values)
            touched.append(key.removeprefix(f"{CONNECTION}:"))
    return touched


def _customers(sandbox: Sandbox, noon: datetime, many: int) -> list[str]:
    """Enter customers with a contact each, and return their numbers."""
    numbers: list[str] = []
    for place in range(many):
        number = str(90_000 + place)
        sandbox.visma.add(
            "customers",
            {
                "number": number,
                "name": f"New {number}",
                "status": "Active",
                "mainContact": {"contactId": 2_000_000 + place, "web": f"new{number}.example"},
                "currencyId": "NOK",
            },
            stamp=noon,
        )
        sandbox.visma.add(
            "contacts",
            {
                "contactId": 3_000_000 + place,
                "lastName": f"Person {number}",
                "email": f"person@new{number}.example",
                "active": True,
                "businessAccount": number,
                "businessAccountType": "Customer",
            },
            stamp=noon,
        )
        numbers.append(number)
    return numbers


def _is_plain(document: Document) -> bool:
    """Return whether a document is open, without a payment, and can lose a line."""
    untouched = document.status == "Open" and document.balance == document.totals.amount
    return untouched and len(document.lines) > 1 and all(line.net > 0 for line in document.lines)


def _line(price: str) -> NewLine:
    return NewLine(text=f"Item {price}", price=Decimal(price), vat="3")
