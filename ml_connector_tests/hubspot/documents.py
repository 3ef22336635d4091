"""What the tests of documents share: a portal with their properties, and operations as a plan would have them."""

from collections.abc import Iterable
from typing import Any

import pytest

from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.money_group import INVOICE_PROPERTIES, LINE_PROPERTIES
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.plan.operations import Action, Operation
from ml_connector_tests.plan.chain import Chain
from ml_connector_tests.records.snapshots import contact, customer

PARTITION = "2026-11-20"
STAMP = "2026-11-20T06:35:22.153"


@pytest.fixture
def books(chain: Chain) -> Chain:
    """A chain whose portal has the properties of documents, with customers 10 and 20 and contacts 1 and 2."""
    ensure(chain.client, GROUP, (*INVOICE_PROPERTIES, *LINE_PROPERTIES)).require()
    people = [contact(number, email=f"p{number}@fjord.no", lastName="Lie") for number in (1, 2)]
    chain.sync([customer("10"), customer("20")], (), people)
    chain.sandbox.log.clear()
    chain.portal.forget_calls()
    return chain


def invoice(number: int, action: Action = Action.CREATE, **changes: Any) -> Operation:
    """Return what makes invoice ``number`` as a draft, or something else that is done with it."""
    values: dict[str, Any] = {
        "entity": "invoices",
        "object_type": "invoices",
        "action": action,
        "keys": (f"invoice:{number}",),
        "partition": PARTITION,
        "id_property": "visma_invoice_id" if action is Action.CREATE else None,
        "values": {
            "visma_invoice_id": f"acme:Invoice:{number}",
            "hs_currency": "NOK",
            "hs_invoice_billable": "false",
            "hs_invoice_status": "draft",
            "visma_amount": "125.00",
        },
        "stamp": STAMP,
        "fingerprint": f"f-{number}",
        "record": "{}",
    }
    return Operation(**{**values, **changes})


def line(number: int, place: int, action: Action = Action.CREATE, **changes: Any) -> Operation:
    """Return what makes line ``place`` of invoice ``number``, or something else that is done with it."""
    values: dict[str, Any] = {
        "entity": "line_items",
        "object_type": "line_items",
        "action": action,
        "keys": (f"line:Invoice:{number}:{place}",),
        "partition": PARTITION,
        "id_property": "visma_line_id" if action is Action.CREATE else None,
        "values": {
            "visma_line_id": f"acme:Invoice:{number}:{place}",
            "name": f"Bolts {place}",
            "quantity": "1",
            "price": "100",
        },
        "stamp": STAMP,
        "fingerprint": f"f-{number}-{place}",
        "record": "{}",
    }
    return Operation(**{**values, **changes})


def archived_line(number: int, place: int, **changes: Any) -> Operation:
    """Return what archives a line that Visma has no more."""
    return line(number, place, Action.ARCHIVE, values={}, fingerprint="", record=None, **changes)


def link(
    from_key: str, to_type: str, to_key: str, action: Action = Action.LINK, from_type: str = "invoices"
) -> Operation:
    """Return what associates two records, or takes their association away."""
    return Operation(
        entity="invoice_links",
        object_type=from_type,
        action=action,
        keys=(f"{from_key}>{to_key}",),
        partition=PARTITION,
        values={"from": from_key, "to": to_key, "to_type": to_type},
    )


def opening(number: int, status: str = "open") -> Operation:
    """Return what gives invoice ``number`` its status."""
    return Operation(
        entity="openings",
        object_type="invoices",
        action=Action.OPEN,
        keys=(f"invoice:{number}",),
        partition=PARTITION,
        values={"hs_invoice_status": status, "visma_pending_reason": ""},
    )


def load(chain: Chain, *operations: Operation) -> LoadCounts:
    """Carry out operations on records of one type in a new run."""
    counts = chain.loader().load(operations[0].object_type, operations)
    assert counts.adds_up, counts.sentence()
    return counts


def load_links(chain: Chain, *operations: Operation, created: Iterable[str] = frozenset()) -> LoadCounts:
    """Carry out operations on links in a new run."""
    journal = chain.journal()
    loader = LinkLoader(chain.client, journal, chain.ledger, chain.runs[-1])
    counts = loader.load(operations, frozenset(created))
    assert counts.adds_up, counts.sentence()
    return counts


def hubspot_id(chain: Chain, object_type: str, key: str) -> str:
    """Return the HubSpot record of a key, as the ledger knows it."""
    return chain.ledger.identities(object_type, [key])[key].hubspot_id


def states(chain: Chain) -> dict[str, tuple[str, str | None]]:
    """Return the links in the ledger: status and reason by ``from>to``."""
    rows = chain.rows("link", "from_key, to_key, status, reason")
    return {f"{row[0]}>{row[1]}": (row[2], row[3]) for row in rows}
