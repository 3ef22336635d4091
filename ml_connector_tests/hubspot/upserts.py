"""What the tests of batches share: rows, a portal that keeps what is upserted, and writing all at once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ml_connector.hubspot import paths
from ml_connector.hubspot.batches import Outcome, OutcomeStatus, WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient
from ml_connector_tests.hubspot.portal import Reply, Script

UNIQUE = "visma_customer_id"
UPSERT = paths.object_batch("companies", "upsert")
UPDATE = paths.object_batch("companies", "update")
READ = paths.object_batch("companies", "read")
CONFIRMED, REJECTED, UNKNOWN = OutcomeStatus.CONFIRMED, OutcomeStatus.REJECTED, OutcomeStatus.UNKNOWN


def upsert(number: int, name: str = "") -> WriteInput:
    return WriteInput(
        f"t-{number}", f"customer:{number}", {"name": name or f"Bygg {number}"}, f"demo:{number}", UNIQUE
    )


def update(number: int) -> WriteInput:
    return WriteInput(f"t-{number}", f"customer:{number}", {"name": f"Bygg {number}"}, f"9{number}", None)


class Portal:
    """Keeps what is upserted, and reads it back; ``refuse`` may answer in its place."""

    def __init__(self, refuse: Callable[[list[Any]], Reply | None] = lambda inputs: None) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self._refuse = refuse
        self.lock = threading.Lock()
        Script(paths.properties("companies"), [(200, {"results": []})], "GET")
        self.upserts = Script(UPSERT, self._upsert)
        self.updates = Script(UPDATE, self._upsert)
        self.reads = Script(READ, self._read)

    def store(self, inputs: list[Any]) -> list[dict[str, Any]]:
        results = []
        for item in inputs:
            new = item["id"] not in self.records
            record = self.records.setdefault(item["id"], {"id": f"7{len(self.records)}", "properties": {}})
            if "idProperty" not in item:
                record["id"] = item["id"]
            record["properties"] |= item["properties"] | {item.get("idProperty", "x"): item["id"]}
            results.append({**record, "new": new, "objectWriteTraceId": item["objectWriteTraceId"]})
        return results

    def _upsert(self, body: Any) -> Reply:
        refusal = self._refuse(body["inputs"])
        return refusal or (200, {"status": "COMPLETE", "results": self.store(body["inputs"])[::-1]})

    def _read(self, body: Any) -> Reply:
        ids = [item["id"] for item in body["inputs"]]
        missing = [one for one in ids if one not in self.records]
        errors = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}] if missing else []
        return 207, {"results": [self.records[one] for one in ids if one in self.records], "errors": errors}


def write(
    one: HubSpotClient, *batches: Sequence[WriteInput], before: Callable[[Any], None] = lambda batch: None
) -> list[Outcome]:
    written = write_batches(one, "companies", batches, before=before)
    return [outcome for _, outcomes in written for outcome in outcomes]


def of(outcomes: Sequence[Outcome], status: OutcomeStatus) -> set[str]:
    return {outcome.trace_id for outcome in outcomes if outcome.status is status}
