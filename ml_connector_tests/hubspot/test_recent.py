"""Records changed since a moment, found by search."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.errors import TransientApiError
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.recent import modified_since
from ml_connector_tests.hubspot import portal
from ml_connector_tests.plan.chain import Chain, chain, empty_ledger, ledger_engine, running

__all__ = ["chain", "empty_ledger", "ledger_engine", "running"]

HOUR = timedelta(hours=1)


def test_all_pages_each_record_once(chain: Chain) -> None:
    made = {
        chain.portal.add_record("deals", {"dealname": f"Avtale {number}", "dealstage": "closedwon"})
        for number in range(450)
    }
    chain.portal.forget_calls()
    found = modified_since(chain.client, "deals", datetime.now(UTC) - HOUR, ("dealname",))
    assert len(found) == 450
    assert {record.id for record in found} == made
    assert all(record.properties["dealname"] for record in found)
    assert chain.portal.counts.calls == 3


def test_none_from_before(chain: Chain) -> None:
    chain.portal.add_record("deals", {"dealname": "Avtale", "dealstage": "closedwon"})
    assert modified_since(chain.client, "deals", datetime.now(UTC) + HOUR, ()) == []


def test_a_search_that_does_not_go_on_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    client: HubSpotClient = portal.client()
    same = {"results": [{"id": "7", "properties": {}}], "paging": {"next": {"after": "1"}}}
    monkeypatch.setattr(client, "call", lambda call: same)
    with pytest.raises(TransientApiError, match="does not go on"):
        modified_since(client, "deals", datetime.now(UTC), ())
