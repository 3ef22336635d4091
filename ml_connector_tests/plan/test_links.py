"""Which links are to be made and which are to go."""

import pytest

from ml_connector.ledger.queries import KnownLink
from ml_connector.plan.links import Owner, Ties, Wanted, link_operations
from ml_connector.plan.operations import Action

TIES = Ties("invoice_links", "invoices")
WANTED = Wanted("customer:10", "companies", "customer")


def planned(
    hubspot_id: str | None, *known: KnownLink, wanted: tuple[Wanted, ...] = (WANTED,)
) -> dict[str, Action]:
    owner = Owner("invoice:1", hubspot_id, "2026-11-20", wanted)
    found = link_operations(TIES, owner, {one.to_key: one for one in known}, kept=("line_items",))
    return {str(one.values["to"]): one.action for one in found}


@pytest.mark.parametrize(
    ("status", "from_id", "made"),
    [
        ("confirmed", "7", False),
        ("confirmed", "6", True),
        ("pending", "7", True),
        ("rejected", "7", True),
    ],
)
def test_one_that_stands_needs_nothing(status: str, from_id: str, made: bool) -> None:
    """Unless the invoice has become another HubSpot record since."""
    found = planned("7", KnownLink("invoice:1", "customer:10", status, from_id))
    assert found == ({"customer:10": Action.LINK} if made else {})


def test_a_new_record_gets_all() -> None:
    assert planned(None) == {"customer:10": Action.LINK}


def test_what_is_not_wanted_goes_but_what_is_kept() -> None:
    known = [
        KnownLink("invoice:1", "contact:1", "confirmed", "7", "8", "contacts"),
        KnownLink("invoice:1", "contact:2", "pending", None, None, "contacts"),
        KnownLink("invoice:1", "line:Invoice:1:1", "confirmed", "7", "9", "line_items"),
    ]
    assert planned("7", *known, wanted=()) == {"contact:1": Action.UNLINK, "contact:2": Action.UNLINK}
