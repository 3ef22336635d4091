"""The inventory: whole, in pages, and chosen only where it costs no more requests."""

from typing import Any

import pytest
import responses

from ml_connector.hubspot import paths
from ml_connector.hubspot.inventory import Way, cheaper, read_inventory
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
