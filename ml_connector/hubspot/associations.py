"""Making, reading and removing associations between records in batches, with the same proof as for records."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.hubspot import paths
from ml_connector.hubspot.answers import problems_in
from ml_connector.hubspot.association_types import (
    CONTACT_TO_COMPANY,
    CONTACT_TO_PRIMARY_COMPANY,
    HUBSPOT_DEFINED,
    association_types,
    verify_types,
)
from ml_connector.hubspot.calls import Call, Exchange, chunks, results_of
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.delivery import Delivery, distinct_parts
from ml_connector.hubspot.limits import Bucket
from ml_connector.hubspot.links import (
    NO_ASSOCIATIONS,
    AssociatedRecord,
    Link,
    associated,
    interpret_links,
    interpret_removal,
)
from ml_connector.hubspot.outcomes import Again, Outcome
from ml_connector.hubspot.pipeline import run_batches

__all__ = [
    "CONTACT_TO_COMPANY",
    "CONTACT_TO_PRIMARY_COMPANY",
    "HUBSPOT_DEFINED",
    "AssociatedRecord",
    "Link",
    "archive_links",
    "association_types",
    "create_links",
    "read_links",
    "verify_types",
]

LINKS_PER_CALL = 2_000
RECORDS_PER_READ = 1_000

Before = Callable[[Sequence[Link]], None]


def create_links(
    client: HubSpotClient, from_type: str, to_type: str, links: Iterable[Link], *, before: Before
) -> Iterator[tuple[Sequence[Link], list[Outcome]]]:
    """Make links, 2,000 a call, and yield each batch with one outcome per link in their order.

    HubSpot answers a wrong type with success and writes nothing (reference: hubspot 4), so a link counts as made only
    when a result or a read-back shows it. Making a link that exists is harmless, but replaces the labels of the pair.

    Args:
        client: the client; its ``in_flight`` bounds the calls under way.
        from_type: the object type of ``from_id``, such as ``contacts``.
        to_type: the object type of ``to_id``.
        links: what to link; read as needed.
        before: called in the consumer's thread with each batch before it is sent.

    Raises:
        UsageError: a link has no types, or two in a batch have one key.
        CredentialsError, PermanentApiError, TransientApiError: as for
            :func:`ml_connector.hubspot.batches.write_batches`.
    """
    return run_batches(
        _batches(links, need_types=True),
        lambda batch: _Making(client, from_type, to_type).run(batch),
        in_flight=client.in_flight,
        before=before,
        identity=lambda link: (link.from_id, link.to_id),
    )


def archive_links(
    client: HubSpotClient, from_type: str, to_type: str, links: Iterable[Link], *, before: Before
) -> Iterator[tuple[Sequence[Link], list[Outcome]]]:
    """Remove all association types between the two ends of each link; arguments and errors as for create_links.

    The answer proves nothing, so every batch is read back: a link counts as removed when it is gone.
    """
    return run_batches(
        _batches(links, need_types=False),
        lambda batch: _Removal(client, from_type, to_type).run(batch),
        in_flight=client.in_flight,
        before=before,
        identity=lambda link: (link.from_id, link.to_id),
    )


def read_links(
    client: HubSpotClient, from_type: str, to_type: str, ids: Iterable[str]
) -> dict[str, tuple[AssociatedRecord, ...]]:
    """Return what each record is linked to, 1,000 records a call, all pages.

    A record without links has an empty tuple; one that HubSpot does not know or says nothing about is left out.
    """

    def read(part: Sequence[str]) -> dict[str, tuple[AssociatedRecord, ...]]:
        found = _read_part(client, from_type, to_type, part)
        silent = [item for item in part if item not in found]
        return found | (_read_part(client, from_type, to_type, silent) if silent else {})

    everything: dict[str, tuple[AssociatedRecord, ...]] = {}
    for found in client.parallel(read, chunks(list(dict.fromkeys(ids)), RECORDS_PER_READ)):
        everything |= found
    return everything


def _read_part(
    client: HubSpotClient, from_type: str, to_type: str, ids: Sequence[str]
) -> dict[str, tuple[AssociatedRecord, ...]]:
    """Read the links of up to 1,000 records; those with more pages come again with their cursors."""
    path = paths.association_batch(from_type, to_type, "read")
    found: dict[str, dict[str, AssociatedRecord]] = {}
    asked: list[dict[str, str]] = [{"id": item} for item in ids]
    while asked:
        body = client.call_partial(Call("POST", path, {"inputs": asked}, bucket=Bucket.ASSOCIATIONS))
        for item in _without_links(body):
            found.setdefault(item, {})
        cursors: list[dict[str, str]] = []
        for result in results_of(body):
            record_id, records, after = associated(result)
            _merge(found.setdefault(record_id, {}), records)
            if after is not None:
                cursors.append({"id": record_id, "after": after})
        asked = [cursor for cursor in cursors if cursor not in asked]
    return {record_id: tuple(linked.values()) for record_id, linked in found.items()}


def _merge(known: dict[str, AssociatedRecord], records: Iterable[AssociatedRecord]) -> None:
    for record in records:
        earlier = known.get(record.id)
        known[record.id] = AssociatedRecord(
            record.id, record.types | (earlier.types if earlier else frozenset())
        )


def _without_links(body: dict[str, Any]) -> frozenset[str]:
    """Return the ids that an answer says have no links; raise for a problem that is not about single records."""
    ids: set[str] = set()
    for problem in problems_in(body):
        if (problem.sub_category or "").endswith(NO_ASSOCIATIONS):
            ids.update(problem.context.get("fromObjectId", ()))
        elif problem.category != "OBJECT_NOT_FOUND":
            raise PermanentApiError(
                f"HubSpot could not read some associations: {problem.plain()}", category=problem.category
            )
    return frozenset(ids)


class _LinkDelivery(Delivery[Link]):
    """What making and removing links have in common."""

    removes: ClassVar[bool]

    def __init__(self, client: HubSpotClient, from_type: str, to_type: str) -> None:
        super().__init__(client)
        self._types = from_type, to_type

    def distinct(self, items: Sequence[Link]) -> list[Sequence[Link]]:
        """Cut the batch so that no call holds a pair twice."""
        return distinct_parts(items, lambda link: (link.from_id, link.to_id))

    def read_back(self, items: Sequence[Link]) -> Iterable[tuple[Link, str | None, bool | None]]:
        """Return the links whose pair is as it should be."""
        held = read_links(self.client, *self._types, (link.from_id for link in items))
        for link in items:
            if link.from_id in held:
                linked = {record.id: record.types for record in held[link.from_id]}
                types = linked.get(link.to_id, frozenset())
                if not types if self.removes else types.issuperset(link.types):
                    yield link, None, None

    def _call(self, verb: str, inputs: list[dict[str, Any]]) -> Call:
        path = paths.association_batch(*self._types, verb)
        return Call("POST", path, {"inputs": inputs}, bucket=Bucket.ASSOCIATIONS, write=True)


class _Making(_LinkDelivery):
    removes = False

    def call_for(self, items: Sequence[Link]) -> Call:
        return self._call("create", [_created(link) for link in items])

    def interpret(self, exchange: Exchange, items: Sequence[Link]) -> list[Outcome] | Again[Link]:
        return interpret_links(exchange.answer, items, paths.association_batch(*self._types, "create"))


class _Removal(_LinkDelivery):
    removes = True

    def call_for(self, items: Sequence[Link]) -> Call:
        ends: dict[str, list[dict[str, str]]] = {}
        for link in items:
            ends.setdefault(link.from_id, []).append({"id": link.to_id})
        return self._call("archive", [{"from": {"id": one}, "to": others} for one, others in ends.items()])

    def interpret(self, exchange: Exchange, items: Sequence[Link]) -> list[Outcome] | Again[Link]:
        return interpret_removal(exchange.answer, items, paths.association_batch(*self._types, "archive"))


def _created(link: Link) -> dict[str, Any]:
    return {
        "from": {"id": link.from_id},
        "to": {"id": link.to_id},
        "types": [
            {"associationCategory": category, "associationTypeId": type_id}
            for category, type_id in link.types
        ],
    }


def _batches(links: Iterable[Link], *, need_types: bool) -> Iterator[list[Link]]:
    batch: list[Link] = []
    for link in links:
        if need_types and not link.types:
            raise UsageError("A link without association types would be dropped in silence.", record=link.key)
        batch.append(link)
        if len(batch) == LINKS_PER_CALL:
            yield _unique(batch)
            batch = []
    if batch:
        yield _unique(batch)


def _unique(batch: list[Link]) -> list[Link]:
    if len({link.key for link in batch}) < len(batch):
        raise UsageError("Two links of a batch have the same key.")
    return batch
