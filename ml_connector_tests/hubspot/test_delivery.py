"""One batch against any mixture of bad rows: good ones land, bad ones never count as done, calls are bounded."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.http import Answer
from ml_connector.hubspot.batches import RecordDelivery
from ml_connector.hubspot.calls import Call, Exchange
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.delivery import distinct_parts
from ml_connector.hubspot.models import HubSpotRecord
from ml_connector.hubspot.outcomes import OutcomeStatus, WriteInput
from ml_connector_tests.hubspot.portal import TOKEN, answer

UNIQUE = "visma_customer_id"
REFUSED = {"category": "VALIDATION_ERROR", "message": "No."}


class Portal(HubSpotClient):
    """A client that keeps records in memory; ``fates`` says what a row does to its call."""

    def __init__(self, fates: Sequence[str]) -> None:
        super().__init__(TOKEN)
        self.fates = {f"demo:{number}": fate for number, fate in enumerate(fates)}
        self.stored: dict[str, HubSpotRecord] = {}
        self.calls = 0

    def exchange(self, call: Call) -> Exchange:
        self.calls += 1
        inputs = call.body["inputs"]
        assert len({item["id"] for item in inputs}) == len(inputs)
        return Exchange(self._answer(inputs), maybe_done_before=False)

    def _answer(self, inputs: Sequence[dict[str, Any]]) -> Answer:
        met = {self.fates[item["id"]] for item in inputs}
        for status in (400, 409):
            if str(status) in met:
                return answer(status, {**REFUSED, "message": "No 1." if status == 400 else "No 2."})
        if "drops all" in met:
            return answer(200, {"results": []})
        results, errors = [], []
        for item in inputs:
            fate = self.fates[item["id"]]
            if fate in ("good", "written in silence"):
                self.stored[item["id"]] = HubSpotRecord(item["id"], item["properties"])
            if fate == "good":
                results.append({"id": "7", "properties": {UNIQUE: item["id"]}, "new": True})
            if fate == "error":
                errors.append({**REFUSED, "context": {"objectWriteTraceId": [item["objectWriteTraceId"]]}})
        return answer(207 if errors else 200, {"results": results[::-1], "errors": errors})

    def batch_read(self, *args: Any, **_: Any) -> dict[str, HubSpotRecord]:
        self.calls += 1
        return {one: self.stored[one] for one in args[1] if one in self.stored}

    def properties(self, object_type: str) -> dict[str, Any]:
        return {}


fates = st.lists(
    st.sampled_from(["good"] * 24 + ["400", "409", "error", "left out", "written in silence", "drops all"]),
    min_size=1,
    max_size=100,
)


@settings(max_examples=150, deadline=None)
@given(fates)
def test_good_rows_land_and_bad_rows_never_count_as_done(fate: list[str]) -> None:
    portal = Portal(fate)
    rows = [
        WriteInput(f"t-{n}", f"customer:{n}", {"name": f"Bygg {n}"}, f"demo:{n}", UNIQUE)
        for n in range(len(fate))
    ]
    delivered = RecordDelivery(portal, "companies").run(rows)
    assert delivered.error is None
    assert [one.trace_id for one in delivered.outcomes] == [row.trace_id for row in rows]
    # Every search finds one silent row; after two without a success the rest is left for the next run.
    silent = ("drops all", "left out", "written in silence")
    few_drops = sum(one in silent for one in fate) <= 2
    for row, outcome, what in zip(rows, delivered.outcomes, fate, strict=True):
        confirmed = outcome.status is OutcomeStatus.CONFIRMED
        assert not confirmed or row.id in portal.stored
        if what in ("good", "written in silence") and few_drops:
            assert confirmed
        if what in ("400", "409", "error"):
            assert outcome.status is OutcomeStatus.REJECTED or not few_drops
        if what in ("left out", "drops all"):
            assert outcome.status is OutcomeStatus.UNKNOWN
    assert portal.calls <= 2 * len(rows) + 60


def test_parts_hold_each_identity_once_and_keep_the_order_of_the_same() -> None:
    rows = [WriteInput(str(n), "k", {}, one, UNIQUE) for n, one in enumerate("abaacb")]
    parts = distinct_parts(rows, lambda row: row.id)
    assert [[row.trace_id for row in part] for part in parts] == [["0", "1", "4"], ["2", "5"], ["3"]]
