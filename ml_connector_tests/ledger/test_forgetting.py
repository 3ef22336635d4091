"""What the journal takes away: archived records with all that hangs on them, and links that are not wanted any more."""

from typing import Any

import sqlalchemy as sa

from ml_connector.ledger.entries import LinkRow
from ml_connector_tests.ledger.rows import identity, journal, link, rows

LINE = "line:Invoice:1:2"


def line_link(from_key: str = "invoice:1", **changes: Any) -> LinkRow:
    """Return the link of an invoice to a line."""
    return link(LINE, **{"from_type": "invoices", "from_key": from_key, "to_type": "line_items", **changes})


def links(engine: sa.Engine) -> list[tuple[str, ...]]:
    """Return the links that are left."""
    return rows(engine, "link", "from_key, to_key")


def test_an_archived_record_goes_with_its_identity_and_its_links(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle(
        [],
        identities=[
            identity(LINE, object_type="line_items", hubspot_id="901"),
            identity(LINE, object_type="companies", hubspot_id="901"),
            identity("line:Invoice:1:3", object_type="line_items", hubspot_id="902"),
        ],
        links=[
            line_link(),
            link("customer:1", from_type="line_items", from_key=LINE, from_id="901"),
            link("customer:1", from_type="invoices", from_key="invoice:1"),
        ],
    )
    mine.settle([], forgotten=[("line_items", LINE, "901")])
    assert rows(empty_ledger, "identity", "object_type, record_key") == [
        ("companies", LINE),
        ("line_items", "line:Invoice:1:3"),
    ]
    assert links(empty_ledger) == [("invoice:1", "customer:1")]


def test_a_key_that_is_another_record_by_now_stays(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle(
        [],
        identities=[identity(LINE, object_type="line_items", hubspot_id="902")],
        links=[line_link(to_id="902")],
    )
    mine.settle([], forgotten=[("line_items", LINE, "901")])
    assert len(rows(empty_ledger, "identity")) == len(links(empty_ledger)) == 1


def test_a_link_that_was_never_made_goes_with_the_record_that_never_came(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle([], links=[line_link(to_id=None, status="pending")])
    mine.settle([], forgotten=[("line_items", LINE, "")])
    assert links(empty_ledger) == []


def test_another_connections_rows_stay(empty_ledger: sa.Engine) -> None:
    for name in ("acme", "other"):
        journal(empty_ledger, f"run-{name}", name).settle(
            [],
            identities=[identity(LINE, object_type="line_items")],
            links=[line_link()],
        )
    mine = journal(empty_ledger)
    mine.settle([], forgotten=[("line_items", LINE, "901")])
    assert rows(empty_ledger, "identity", "connection") == rows(empty_ledger, "link", "connection")
    assert rows(empty_ledger, "link", "connection") == [("other",)]
    mine.settle([], unlinked=[("invoices", "invoice:1", "line_items", LINE)])
    assert len(links(empty_ledger)) == 1


def test_only_the_link_that_is_named_goes(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle([], links=[line_link(), line_link("invoice:2"), link("customer:1")])
    mine.settle([], unlinked=[("invoices", "invoice:1", "line_items", LINE)])
    assert links(empty_ledger) == [("contact:1", "customer:1"), ("invoice:2", LINE)]


def test_a_part_of_a_record_keeps_the_mark_of_the_whole(empty_ledger: sa.Engine) -> None:
    mine = journal(empty_ledger)
    mine.settle([], identities=[identity(fingerprint="whole", values={"name": "Fjord"})])
    mine.settle([], identities=[identity(fingerprint="", stamp="", values={"visma_open_po_count": "2"})])
    assert rows(empty_ledger, "identity", "fingerprint, stamp::text, properties") == [
        ("whole", "2026-11-20 06:35:22.153", {"name": "Fjord", "visma_open_po_count": "2"})
    ]
