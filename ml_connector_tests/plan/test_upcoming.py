"""What the run's stored plans bring: read in a few columns, it is what the whole operations say."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ml_connector.plan.operations import Action, Operation, Values
from ml_connector.plan.upcoming import Upcoming, UpcomingDocuments, upcoming, upcoming_documents


def planned(entity: str, action: Action, *keys: str, values: Values | None = None, **more: Any) -> Operation:
    return Operation(entity, entity, action, keys, "2026-11-20", values=values or {}, **more)


def tie(entity: str, start: str, end: str, to_type: str) -> Operation:
    values = {"from": start, "to": end, "to_type": to_type}
    return planned(entity, Action.LINK, f"{start}>{end}", values=values)


class Plan:
    """A stored plan that gives the columns asked for and no others."""

    def __init__(self, *operations: Operation) -> None:
        self._rows = [operation.to_row() for operation in operations]

    def rows(
        self, columns: Sequence[str] | None = None, where: tuple[str, str] | None = None
    ) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            if where is None or row[where[0]] == where[1]:
                yield {name: row[name] for name in columns or row}


COMPANIES = (
    planned("companies", Action.UNCHANGED, "customer:1", "supplier:9", hubspot_id="11"),
    planned("companies", Action.CREATE, "customer:2"),
    planned("companies", Action.CONFLICT, "customer:3", hubspot_id="13"),
)
CONTACTS = (
    planned("contacts", Action.CREATE, "contact:1", "contact:2", email="a@b.example"),
    planned("contacts", Action.REJECT, "contact:3", email="c@b.example"),
    tie("links", "contact:1", "customer:1", "companies"),
)
DOCUMENTS = (
    planned("invoices", Action.CREATE, "invoice:Invoice:1", values={"hs_title": "contacts"}),
    planned("invoices", Action.SKIP, "invoice:Invoice:2"),
    planned("invoices", Action.SKIP, "invoice:Invoice:3", hubspot_id="7"),
    tie("invoice_links", "invoice:Invoice:1", "customer:1", "companies"),
    tie("invoice_links", "invoice:Invoice:1", "contact:1", "contacts"),
)


@pytest.mark.parametrize("order", [1, -1])
def test_people_are_read_from_both_plans(order: int) -> None:
    wanted = Upcoming()
    for operation in (*COMPANIES, *CONTACTS)[::order]:
        wanted.add(operation)
    assert wanted.contacts == {"contact:1", "contact:2"}
    assert wanted.by_email == {"a@b.example": "contact:1"}
    assert wanted.by_company == {"customer:1": ["contact:1"]}
    assert wanted.companies == {"customer:1": "11", "supplier:9": "11"}
    assert upcoming(Plan(*COMPANIES[::order]), Plan(*CONTACTS[::order])) == wanted


def test_documents_are_read_with_the_contacts_chosen_for_them() -> None:
    wanted = UpcomingDocuments(
        left_out={"invoice:Invoice:2"},
        coming={"invoice:Invoice:1", "invoice:Invoice:3"},
        contacts={"invoice:Invoice:1": "contact:1"},
    )
    assert upcoming_documents(Plan(*DOCUMENTS)) == wanted
