"""All that a portal holds, by the keys of Visma: two portals that went through the same look the same.

Runs inside the portal's process: the picture is of the sandbox's own memory, not of what its API says.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from ml_connector.sandbox.hubspot.records import Record
from ml_connector.sandbox.server import Sandbox

KEYS = {
    "companies": ("visma_customer_id", "visma_supplier_id"),
    "contacts": ("visma_contact_id",),
    "deals": ("order_reference",),
    "invoices": ("visma_invoice_id",),
    "line_items": ("visma_line_id",),
    "commerce_payments": ("visma_payment_id",),
    "visma_transaction": ("visma_transaction_id",),
}
"""Properties that tell a record, by its type; a record has one or several of them."""

HUBSPOTS_OWN = frozenset(
    {
        "associatedcompanyid",
        "createdate",
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
        "lastmodifieddate",
    }
)
"""Properties that are different in every portal; who belongs to whom is seen by the links."""


@dataclass(slots=True)
class Portrait:
    """What a portal holds.

    Args:
        records: values and links of each record, by its type and key, such as ``invoices bench:Invoice:300001``.
        twice: records beyond one per key, and records without a key.
        parentless: line items that are not of exactly one invoice.
        archived: records that were archived, whether they were made again or not.
    """

    records: dict[str, list[str]] = field(default_factory=dict)
    twice: int = 0
    parentless: int = 0
    archived: int = 0

    def unlike(self, other: "Portrait") -> list[str]:
        """Return the names of records that differ, and of those that only one portal has."""
        names = self.records.keys() | other.records.keys()
        return sorted(name for name in names if self.records.get(name) != other.records.get(name))


def portrait_of(sandbox: Sandbox) -> Portrait:
    """Return the picture of the portal."""
    names = _names(sandbox)
    portal, found = sandbox.hubspot, Portrait()
    times = Counter(names.values())
    found.twice = times.total() - len(times) + sum(name.endswith(" ") for name in names.values())
    links: defaultdict[str, set[str]] = defaultdict(set)
    for start, end, labels in _linked(sandbox):
        links[names[start]].add(f"> {names[end]}: {labels}")
    for store in portal.account.stores.values():
        found.archived += len(store.archived)
        for record in portal.records(store.type.type_id).values():
            name = names[store.type.type_id, record.id]
            found.records[name] = [*_values(record), *sorted(links[name])]
    parents = Counter(line for _, line in portal.links("invoices", "line_items"))
    found.parentless = sum(parents[line] != 1 for line in portal.records("line_items"))
    return found


def _names(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    """Return the name of each record by its type and id; it ends with a blank where the record has no key."""
    names: dict[tuple[str, str], str] = {}
    for store in sandbox.hubspot.account.stores.values():
        kind = store.type.name.partition("_")[2] if store.type.custom_name else store.type.name
        for record in sandbox.hubspot.records(store.type.type_id).values():
            key = " ".join(record.values[name] for name in KEYS.get(kind, ()) if name in record.values)
            names[store.type.type_id, record.id] = f"{kind} {key}"
    return names


def _linked(sandbox: Sandbox) -> Iterator[tuple[tuple[str, str], tuple[str, str], str]]:
    """Yield both ends of each link, by type and id, and how it is labelled."""
    links, types = sandbox.hubspot.account.links, sandbox.hubspot.account.stores
    for start, end in product(types, repeat=2):
        for one, other in links.pairs(start, end):
            labels = (f"{kind.role} {kind.label}" for kind in links.described(start, one, end, other))
            yield (start, one), (end, other), ", ".join(labels)


def _values(record: Record) -> list[str]:
    return sorted(f"{name}={value}" for name, value in record.values.items() if name not in HUBSPOTS_OWN)
