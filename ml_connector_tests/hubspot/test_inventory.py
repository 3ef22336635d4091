"""The inventory: whole, in pages, and chosen only where it costs no more requests."""

from typing import Any

import pytest
import responses

from ml_connector.hubspot import paths
from ml_connector.hubspot.inventory import Inventory, Way, cheaper, read_inventory
from ml_connector_tests.hubspot.portal import Script, client


@pytest.mark.parametrize(
    ("total", "lookups", "way"),
    [
        (0, 0, Way.INVENTORY),
        (100, 1, Way.INVENTORY),
        (101, 1, Way.LOOKUPS),
        (25_000, 250, Way.INVENTORY),
        (25_000, 249, Way.LOOKUPS),
    ],
)
def test_the_cheaper_way_counts_requests(total: int, lookups: int, way: Way) -> None:
    assert cheaper(total, lookups) is way


@responses.activate
def test_association_lists_that_were_cut_are_completed() -> None:
    def contact(number: str, *ids: str, more: bool = False) -> dict[str, Any]:
        listed: dict[str, Any] = {"results": [{"id": one, "type": "contact_to_company"} for one in ids]}
        if more:
            listed["paging"] = {"next": {"after": ids[-1]}}
        return {"id": number, "properties": {"email": None}, "associations": {"companies": listed}}

    page = [contact("1", "21"), contact("2", "22", more=True), {"id": "3", "properties": {}}]
    Script(paths.objects("contacts"), [(200, {"results": page})], "GET")
    linked: list[dict[str, Any]] = [{"toObjectId": one, "associationTypes": []} for one in (22, 23)]
    read = Script(
        paths.association_batch("contacts", "companies", "read"),
        [(200, {"results": [{"from": {"id": "2"}, "to": linked}]})],
    )
    (found,) = read_inventory(client(), "contacts", ["email"], ["companies"])
    assert [record.associations for record in found] == [
        {"companies": ("21",)},
        {"companies": ("22", "23")},
        {},
    ]
    assert found[1].cut == frozenset()
    assert read.bodies == [{"inputs": [{"id": "2"}]}]


def two_pages(*order: int) -> Script:
    """Answer a list of two pages in an order of answers."""
    first = {
        "results": [
            {
                "id": "1",
                "properties": {"email": "kari@fjord.no", "phone": None},
                "associations": {"companies": {"results": [{"id": "21", "type": "contact_to_company"}]}},
            }
        ],
        "paging": {"next": {"after": "1"}},
    }
    second = {"results": [{"id": "2", "properties": {"email": "ø@fjord.no", "phone": ""}}]}
    return Script(paths.objects("contacts"), [(200, (first, second)[place]) for place in order], "GET")


@responses.activate
def test_an_inventory_is_read_once_and_is_the_same_again() -> None:
    script = two_pages(0, 1)
    inventory = Inventory(client(), "contacts", ["email", "phone"], ["companies"])
    pages = list(inventory.pages())
    assert [record.id for page in pages for record in page] == ["1", "2"]
    assert list(inventory.pages()) == pages
    assert inventory.calls() == 0
    assert len(script.bodies) == 2


@responses.activate
def test_an_inventory_that_was_not_read_to_its_end_is_read_anew() -> None:
    script = two_pages(0, 0, 1)
    inventory = Inventory(client(), "contacts", ["email"], ["companies"])
    next(inventory.pages())
    assert [record.id for page in inventory.pages() for record in page] == ["1", "2"]
    assert len(script.bodies) == 3
