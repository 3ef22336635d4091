"""Records changed since a moment, found by search: for what is looked at again soon, as the index lags."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ml_connector.errors import TransientApiError
from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import Call, results_of
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.limits import Bucket
from ml_connector.hubspot.lookup import next_page
from ml_connector.hubspot.models import HubSpotRecord, record_from
from ml_connector.hubspot.search import PAGE_SIZE

MODIFIED = "hs_lastmodifieddate"
"""When a record was changed last; contacts name it otherwise (reference: hubspot 3)."""


def modified_since(
    client: HubSpotClient, object_type: str, since: datetime, properties: Sequence[str]
) -> list[HubSpotRecord]:
    """Return the records of a type other than contacts that were changed since a moment (aware), each once.

    Pages go by record id instead of by position, so that more than 10,000 are found too.

    Raises:
        TransientApiError: the search does not go on.
    """
    found: list[HubSpotRecord] = []
    last = "0"
    while True:
        body = _body(since, last, properties)
        answer = client.call(Call("POST", paths.search(object_type), body, bucket=Bucket.SEARCH))
        page = [record_from(item) for item in results_of(answer)]
        found.extend(page)
        if next_page(answer) is None:
            return found
        if not page or page[-1].id == last:
            raise TransientApiError(f"HubSpot's search of {object_type} does not go on after one page.")
        last = page[-1].id


def _body(since: datetime, last: str, properties: Sequence[str]) -> dict[str, Any]:
    moment = str(int(since.astimezone(UTC).timestamp() * 1000))
    return {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": MODIFIED, "operator": "GTE", "value": moment},
                    {"propertyName": "hs_object_id", "operator": "GT", "value": last},
                ]
            }
        ],
        "properties": list(properties),
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "limit": PAGE_SIZE,
        "after": "0",
    }
