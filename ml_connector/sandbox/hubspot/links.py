"""The associations between records: both directions, labels, one primary company."""

from collections.abc import Iterable, Iterator

from ml_connector.sandbox.hubspot.association_types import AssociationType, AssociationTypes, Role, TypeKey

PARENTS_OF_LINES = frozenset({"0-3", "0-53", "0-123"})
"""Object types that own line items: deals, invoices, orders. A line item has one of them (reference: hubspot 7)."""


class Links:
    """Every association of the account: ``{(from type, to type): {from id: {to id: type keys}}}``."""

    def __init__(self, types: AssociationTypes) -> None:
        self.types = types
        self._links: dict[tuple[str, str], dict[str, dict[str, set[TypeKey]]]] = {}

    def of(self, from_type: str, from_id: str, to_type: str) -> dict[str, set[TypeKey]]:
        """Return the linked ids of one record with the types of each; do not change it."""
        return self._links.get((from_type, to_type), {}).get(from_id, {})

    def pairs(self, from_type: str, to_type: str) -> Iterator[tuple[str, str]]:
        """Yield (from id, to id) of every association between two types."""
        for from_id, linked in self._links.get((from_type, to_type), {}).items():
            for to_id in linked:
                yield from_id, to_id

    def described(self, from_type: str, from_id: str, to_type: str, to_id: str) -> list[AssociationType]:
        """Return the types of one association, unlabelled first."""
        known = self.types.between(from_type, to_type)
        keys = self.of(from_type, from_id, to_type).get(to_id, set())
        found = [known[key] for key in keys if key in known]
        return sorted(found, key=lambda item: (item.role is not Role.UNLABELLED, item.category, item.id))

    def parent_of_line(self, line_id: str) -> tuple[str, str] | None:
        """Return (type, id) of the record a line item belongs to."""
        for parent_type in sorted(PARENTS_OF_LINES):
            for parent_id in self.of("0-8", line_id, parent_type):
                return parent_type, parent_id
        return None

    def connect(
        self, from_type: str, from_id: str, to_type: str, to_id: str, chosen: Iterable[AssociationType]
    ) -> None:
        """Associate two records with checked types.

        A label replaces the labels of the pair; the plain type alone leaves them (reference: hubspot 4). The first
        company of a contact, deal or order becomes its primary; naming another one primary takes that from it.
        """
        chosen = list(chosen)
        plain = self.types.unlabelled(from_type, to_type)
        first = not self.of(from_type, from_id, to_type)
        first_back = not self.of(to_type, to_id, from_type)
        if any(item.role is not Role.UNLABELLED for item in chosen):
            for item in self.described(from_type, from_id, to_type, to_id):
                if item.role is not Role.UNLABELLED:
                    self._remove(item, from_id, to_id)
        if plain is not None and plain not in chosen:
            chosen.append(plain)
        primary = self.types.primary(from_type, to_type)
        holder_first = first if to_type == "0-2" else first_back
        if primary is not None and holder_first and primary not in chosen:
            chosen.append(primary)
        for item in chosen:
            if item.role is Role.PRIMARY:
                self._demote(item, from_id, to_id)
            self._put(from_type, from_id, to_type, to_id, item.key)
            self._put(to_type, to_id, from_type, from_id, item.reverse_key)

    def disconnect(self, from_type: str, from_id: str, to_type: str, to_id: str) -> bool:
        """Remove every association between two records; False when there was none."""
        if to_id not in self.of(from_type, from_id, to_type):
            return False
        self._drop(from_type, from_id, to_type, to_id)
        self._drop(to_type, to_id, from_type, from_id)
        return True

    def remove_types(
        self, from_type: str, from_id: str, to_type: str, to_id: str, chosen: Iterable[AssociationType]
    ) -> None:
        """Remove some types between two records; without the plain one nothing is left (reference: hubspot 4)."""
        for item in chosen:
            if item.role is Role.UNLABELLED:
                self.disconnect(from_type, from_id, to_type, to_id)
                return
            self._remove(item, from_id, to_id)

    def forget(self, type_id: str, record_id: str) -> None:
        """Remove every association of a record that is archived or merged away."""
        for (from_type, to_type), linked in list(self._links.items()):
            if from_type == type_id and record_id in linked:
                for to_id in list(linked[record_id]):
                    self.disconnect(from_type, record_id, to_type, to_id)

    def move(self, type_id: str, from_id: str, to_id: str) -> None:
        """Give the associations of one record to another of its type, whose own primary company stays primary."""
        for (start, end), linked in list(self._links.items()):
            if start != type_id:
                continue
            keeps_own = end == "0-2" and bool(self.of(start, to_id, end))
            for other in list(linked.get(from_id, ())):
                kept = [
                    item
                    for item in self.described(start, from_id, end, other)
                    if item.role is not Role.PRIMARY or not keeps_own
                ]
                self.disconnect(start, from_id, end, other)
                if (end, other) != (type_id, to_id):
                    self.connect(start, to_id, end, other, kept)

    def _demote(self, primary: AssociationType, from_id: str, to_id: str) -> None:
        """Take the primary mark from the company that had it."""
        if primary.to_type == "0-2":
            for other in list(self.of(primary.from_type, from_id, primary.to_type)):
                self._remove(primary, from_id, other)
        else:
            for other in list(self.of(primary.to_type, to_id, primary.from_type)):
                self._remove(primary, other, to_id)

    def _remove(self, item: AssociationType, from_id: str, to_id: str) -> None:
        self.of(item.from_type, from_id, item.to_type).get(to_id, set()).discard(item.key)
        self.of(item.to_type, to_id, item.from_type).get(from_id, set()).discard(item.reverse_key)

    def _put(self, from_type: str, from_id: str, to_type: str, to_id: str, key: TypeKey) -> None:
        linked = self._links.setdefault((from_type, to_type), {}).setdefault(from_id, {})
        linked.setdefault(to_id, set()).add(key)

    def _drop(self, from_type: str, from_id: str, to_type: str, to_id: str) -> None:
        linked = self._links.get((from_type, to_type), {})
        linked.get(from_id, {}).pop(to_id, None)
        if not linked.get(from_id, True):
            del linked[from_id]
