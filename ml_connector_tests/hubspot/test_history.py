"""Property history: all records asked for, in calls that HubSpot takes, each value with who wrote it and when."""

from datetime import UTC, datetime
from typing import Any

import responses

from ml_connector.hubspot import paths
from ml_connector.hubspot.history import NEVER, Entry, read_history
from ml_connector_tests.hubspot.portal import Script, client

READ = paths.object_batch("companies", "read")


def answer(body: Any) -> tuple[int, Any]:
    """Every record asked for, with one old value of each property."""
    entry = {
        "value": "Fjord",
        "timestamp": "2026-11-20T10:01:00.000Z",
        "sourceType": "CRM_UI",
        "sourceId": "userId:42",
        "updatedByUserId": 42,
    }
    return 200, {
        "results": [
            {
                "id": item["id"],
                "properties": {"name": "Fjord"},
                "propertiesWithHistory": {name: [entry] for name in body["propertiesWithHistory"]},
            }
            for item in body["inputs"]
        ]
    }


@responses.activate
def test_history_is_read_fifty_records_a_call() -> None:
    script = Script(READ, answer)
    ids = [str(number) for number in range(120)]
    found = read_history(client(in_flight=4), "companies", [*ids, "7"], ["name"])
    assert sorted((one.record.id for one in found), key=int) == ids
    assert sorted(len(body["inputs"]) for body in script.bodies) == [20, 50, 50]
    assert found[0].record.properties == {"name": "Fjord"}
    assert found[0].history["name"] == (
        Entry("Fjord", datetime(2026, 11, 20, 10, 1, tzinfo=UTC), "CRM_UI", "userId:42", "", "42"),
    )


@responses.activate
def test_a_unique_property_and_the_recycle_bin_can_be_asked() -> None:
    script = Script(READ, answer)
    read_history(client(), "companies", ["acme:1"], ["name"], id_property="visma_customer_id", archived=True)
    assert script.bodies[0]["idProperty"] == "visma_customer_id"
    assert script.params[0] == {"archived": "true"}


@responses.activate
def test_what_is_not_there_is_left_out_and_what_has_no_history_is_empty() -> None:
    gone = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "x", "context": {"ids": ["2"]}}
    bare = {"id": "1", "properties": {"name": None}, "propertiesWithHistory": {"name": [{"value": "x"}]}}
    Script(
        READ, [(207, {"results": [bare, {"id": "3", "properties": {}}], "errors": [gone], "numErrors": 1})]
    )
    found = {
        one.record.id: one.history for one in read_history(client(), "companies", ["1", "2", "3"], ["name"])
    }
    assert found == {"1": {"name": (Entry("x", NEVER, "", "", "", ""),)}, "3": {}}
