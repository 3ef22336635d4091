"""Writing records in batches: several calls in flight, and for every input exactly one proven outcome."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ml_connector.chunks import chunks
from ml_connector.errors import UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.archiving import ArchiveDelivery
from ml_connector.hubspot.calls import Call, Exchange
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.comparison import holds
from ml_connector.hubspot.delivery import Delivery, distinct_parts
from ml_connector.hubspot.interpretation import interpret
from ml_connector.hubspot.outcomes import Again, Outcome, OutcomeStatus, WriteInput
from ml_connector.hubspot.pipeline import run_batches

__all__ = [
    "BATCH_SIZE",
    "Outcome",
    "OutcomeStatus",
    "WriteInput",
    "archive_batches",
    "interpret",
    "write_batches",
]

BATCH_SIZE = 100
"""Inputs HubSpot takes in one batch call (reference: hubspot 3)."""


def write_batches(
    client: HubSpotClient,
    object_type: str,
    batches: Iterable[Sequence[WriteInput]],
    *,
    before: Callable[[Sequence[WriteInput]], None],
) -> Iterator[tuple[Sequence[WriteInput], list[Outcome]]]:
    """Write batches of records and yield each with one outcome per input, in the order of the inputs.

    Batches end in any order. Upserts and updates by id may be repeated without harm, so lost answers are tried again,
    read back, and the missing rows sent once more before a row is left unknown. A whole-batch 400 or 409 is split until
    the bad rows stand alone. Plain creates are not offered: a repeated one would double the record.

    Args:
        client: the client; its ``in_flight`` bounds the calls under way.
        object_type: such as ``companies``.
        batches: at most 100 inputs each, all upserts on one unique property, all updates by record id or all
            archives; read as needed, so that memory stays flat. An id that comes twice in a batch is written twice, in
            order.
        before: called in the consumer's thread with each batch before it is handed to a worker.

    Raises:
        UsageError: a batch is too long, mixes kinds or repeats a trace id; nothing of it is sent.
        CredentialsError, PermanentApiError: HubSpot refuses the run as a whole (401, 403, unknown object type, daily
            limit), after the batches under way have been yielded.
        TransientApiError: HubSpot is out of reach, so that unknown rows cannot be read back; their batch is yielded.
    """
    return run_batches(
        (_checked(batch) for batch in batches),
        lambda batch: _delivery(client, object_type, batch).run(batch),
        in_flight=client.in_flight,
        before=before,
        identity=lambda item: item.id.casefold(),
    )


def archive_batches(
    client: HubSpotClient,
    object_type: str,
    items: Iterable[WriteInput],
    *,
    before: Callable[[Sequence[WriteInput]], None],
) -> Iterator[tuple[Sequence[WriteInput], list[Outcome]]]:
    """Put records into HubSpot's recycle bin, 100 a call, and yield each batch with one outcome per record.

    A record that is not there any more counts as archived. Arguments and errors are those of :func:`write_batches`;
    ``items`` are made with ``archive=True``.
    """
    return write_batches(client, object_type, chunks(items, BATCH_SIZE), before=before)


def _delivery(client: HubSpotClient, object_type: str, batch: Sequence[WriteInput]) -> Delivery[WriteInput]:
    kind = ArchiveDelivery if batch[0].archive else RecordDelivery
    return kind(client, object_type)


class RecordDelivery(Delivery[WriteInput]):
    """Delivers one batch of upserts or updates of one object type."""

    def __init__(self, client: HubSpotClient, object_type: str) -> None:
        super().__init__(client)
        self._object_type = object_type

    def call_for(self, items: Sequence[WriteInput]) -> Call:
        """Return the batch upsert or update; each input carries its trace id (reference: hubspot 3)."""
        path = paths.object_batch(self._object_type, "upsert" if items[0].id_property else "update")
        return Call("POST", path, {"inputs": [_input(item) for item in items]}, write=True)

    def interpret(self, exchange: Exchange, items: Sequence[WriteInput]) -> list[Outcome] | Again[WriteInput]:
        """Read the answer to a batch."""
        label = paths.object_batch(self._object_type, "upsert" if items[0].id_property else "update")
        return interpret(exchange.answer, items, label, maybe_done_before=exchange.maybe_done_before)

    def read_back(self, items: Sequence[WriteInput]) -> Iterable[tuple[WriteInput, str | None, bool | None]]:
        """Return the records that hold all values that were sent."""
        names = sorted({name for item in items for name in item.properties})
        ids = [item.id for item in items]
        records = self.client.batch_read(self._object_type, ids, names, id_property=items[0].id_property)
        definitions = self.client.properties(self._object_type)
        for item in items:
            record = records.get(item.id)
            if record is not None and holds(record, item.properties, definitions):
                yield item, record.id, None if item.id_property else False

    def distinct(self, items: Sequence[WriteInput]) -> list[Sequence[WriteInput]]:
        """Cut the batch into parts with unique ids: HubSpot refuses one id twice in a call."""
        return distinct_parts(items, lambda item: item.id.casefold())


def _input(item: WriteInput) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": item.id,
        "properties": item.properties,
        "objectWriteTraceId": item.trace_id,
    }
    if item.id_property:
        fields["idProperty"] = item.id_property
    return fields


def _checked(batch: Sequence[WriteInput]) -> Sequence[WriteInput]:
    if len(batch) > BATCH_SIZE:
        raise UsageError(f"A batch has {len(batch)} inputs; HubSpot takes {BATCH_SIZE}.")
    if len({(item.id_property, item.archive) for item in batch}) > 1:
        raise UsageError("A batch mixes upserts, updates and archives, or two unique properties.")
    if len({item.trace_id for item in batch}) < len(batch):
        raise UsageError("Two inputs of a batch have the same trace id.")
    return batch
