"""What can be read from Visma: one row of a table per entity, with its path, key, paging and change filter.

The table is the only place that knows Visma's paths and parameter names (reference: visma 2, 3.3, 4.1). Unknown query
parameters are ignored by Visma without a word, so every name here was checked against its API description.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from ml_connector.errors import UsageError
from ml_connector.visma.stamps import wire_stamp

Values = Mapping[str, Any]
"""One parsed Visma row."""

EVERYTHING = datetime(1900, 1, 1)  # noqa: DTZ001 - Visma's clock is naive
"""The "since" of a list that is refused without one."""

_RESERVED = frozenset(":/?#[]@!$&'()*+,;=%\\<>\"|^`{} ")


class Paging(StrEnum):
    """How a list comes."""

    PAGED = "paged"
    """``pageNumber`` and ``pageSize``; a bare array per page, ``metadata`` in every row."""
    WRAPPED = "wrapped"
    """As PAGED, but an object with ``records``, ``totalCount`` and ``pageSize`` around the rows."""
    UNPAGED = "unpaged"
    """Everything in one answer, however long."""
    IDS = "ids"
    """A list of ids, and one more request for each."""


class ChangeFilter(StrEnum):
    """What asks a list for changes only."""

    WITH_CONDITION = "with_condition"
    """``lastModifiedDateTime`` counts only together with ``lastModifiedDateTimeCondition``."""
    DATE_ALONE = "date_alone"
    """``lastModifiedDateTime`` alone means "since", and without it the list is refused."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Entity:
    """One readable thing in Visma.

    Args:
        name: the name used everywhere in this project.
        path: path of the list.
        detail_path: path of one, with ``{number}`` and, where the path wants both parts of the key, ``{kind}``; empty
            where there is none.
        key: returns the key of a row, or an empty text where the row lacks it.
        modified: returns the naive stamp of a row's last change as received, or None.
        two_part_key: whether keys read ``<kind>:<number>``.
        extra_params: what a list is asked for besides paging and filter.
        detail_params: the same for one.
        lookup: parameters that find one in the list, for numbers that two kinds share: ``kind`` and ``number`` by name.
        party: the object of a row that has the number of its customer or supplier, and the filter of the same name.
        dated: the filter of a document's date (it takes a Condition), and the field it compares.
        lines: the field with a row's lines where ``totalCount`` and ``pageSize`` count lines, else None.
        reference: whether it is reference data, small and read whole by every run.
    """

    name: str
    path: str
    detail_path: str
    key: Callable[[Values], str]
    modified: Callable[[Values], str | None] = field(default=lambda row: row.get("lastModifiedDateTime"))
    paging: Paging = Paging.PAGED
    page_size: int = 1000
    change_filter: ChangeFilter = ChangeFilter.WITH_CONDITION
    two_part_key: bool = False
    extra_params: Mapping[str, str] = field(default_factory=dict)
    detail_params: Mapping[str, str] = field(default_factory=dict)
    lookup: tuple[str, str] | None = None
    party: str | None = None
    dated: tuple[str, str] | None = None
    lines: str | None = None
    reference: bool = False

    @property
    def condition(self) -> bool:
        """Whether the change filter has a Condition parameter."""
        return self.change_filter is ChangeFilter.WITH_CONDITION

    @property
    def paged(self) -> bool:
        """Whether the list is read page by page."""
        return self.paging in (Paging.PAGED, Paging.WRAPPED)

    def split(self, key: str) -> tuple[str, str]:
        """Return the kind and the number of a key; the kind is empty where keys have one part."""
        kind, colon, number = key.partition(":") if self.two_part_key else ("", ":", key)
        if not colon or not number or (self.two_part_key and not kind):
            shape = "<kind>:<number>" if self.two_part_key else "<number>"
            raise UsageError(f"{key!r} is not a key of {self.name}: it reads {shape}.")
        return kind, number

    def detail(self, key: str) -> str:
        """Return the path of one.

        Raises:
            UsageError: the key has another shape, or Visma gives this entity as a list only.
        """
        if not self.detail_path:
            raise UsageError(f"Visma gives {self.name} as a list only.", record=key)
        kind, number = self.split(key)
        return self.detail_path.format(kind=path_part(kind), number=path_part(number))


def filter_params(entity: Entity, since: datetime | None) -> dict[str, str]:
    """Return the parameters that ask a list for what changed at or after a naive moment, or for everything."""
    if entity.change_filter is ChangeFilter.DATE_ALONE:
        return {"lastModifiedDateTime": wire_stamp(since or EVERYTHING)}
    if since is None or entity.change_filter is ChangeFilter.NONE:
        return {}
    # The date without its condition is ignored, and everything comes back (reference: visma 3.2).
    return {"lastModifiedDateTime": wire_stamp(since), "lastModifiedDateTimeCondition": ">="}


def path_part(key: str) -> str:
    """Return a key as a path segment: as it is, or ``b64(<base64url>)`` where characters are reserved.

    The base64url text has no padding (reference: visma 2).
    """
    if not _RESERVED.isdisjoint(key) or key.strip(".") == "":
        return f"b64({base64.urlsafe_b64encode(key.encode()).decode().rstrip('=')})"
    return quote(key, safe="")


def entity_named(entity: Entity | str) -> Entity:
    """Return an entity by its name.

    Raises:
        UsageError: there is none with that name.
    """
    if isinstance(entity, Entity):
        return entity
    if entity not in ENTITIES:
        raise UsageError(
            f"Visma has no entity {entity!r} here.", remedy=f"There are: {', '.join(sorted(ENTITIES))}."
        )
    return ENTITIES[entity]


def short_module(module: str) -> str:
    """Return the short code of a ledger module: answers say ``ModuleAR``, queries and our keys say ``AR``."""
    return re.sub(r"^Module", "", module)


def _field(*names: str) -> Callable[[Values], str]:
    """Return a key function that joins fields with a colon; a missing part makes the whole key empty."""

    def key(row: Values) -> str:
        parts = [row.get(name) for name in names]
        return "" if any(part is None or part == "" for part in parts) else ":".join(map(str, parts))

    return key


def _journal_key(row: Values) -> str:
    module, batch = row.get("module"), row.get("batchNumber")
    return f"{short_module(module)}:{batch}" if module and batch else ""


_DOCUMENT_KEY = _field("documentType", "referenceNumber")
_DOCUMENT_PARAMS = {"expandApplications": "true", "expandTaxDetails": "true", "expandInvoiceAddress": "true"}
"""Payments applied to a document, VAT per rate, and the address it was billed to: not in lists otherwise."""


def _receivable(name: str, path: str) -> Entity:
    return Entity(
        name=name,
        path=path,
        detail_path=path + "/{number}",
        key=_DOCUMENT_KEY,
        two_part_key=True,
        extra_params=_DOCUMENT_PARAMS,
        party="customer",
        dated=("documentDate", "documentDate"),
    )


_ALL = (
    Entity("customers", "/v1/customer", "/v1/customer/{number}", _field("number")),
    Entity("contacts", "/v1/contact", "/v1/contact/{number}", _field("contactId"), paging=Paging.UNPAGED),
    Entity("suppliers", "/v1/supplier", "/v1/supplier/{number}", _field("number")),
    _receivable("customer_invoices", "/v1/customerinvoice"),
    _receivable("customer_credit_notes", "/v1/customerCreditNote"),
    _receivable("customer_debit_notes", "/v1/customerDebitNote"),
    Entity(
        "customer_payments",
        "/v1/customerPayment",
        "/v1/customerPayment/{number}",
        _field("type", "refNbr"),
        two_part_key=True,
        lookup=("paymentType", "paymentNbr"),
        party="customer",
        dated=("docDate", "applicationDate"),
    ),
    Entity(
        "journal_transactions",
        "/v2/journaltransaction",
        "/v2/journaltransaction/{number}",
        _journal_key,
        two_part_key=True,
        change_filter=ChangeFilter.DATE_ALONE,
        lines="journalTransactionLines",
    ),
    Entity(
        "supplier_invoices",
        "/v1/supplierInvoice",
        "/v1/supplierInvoice/{kind}/{number}",
        _DOCUMENT_KEY,
        two_part_key=True,
        party="supplier",
        dated=("docDate", "date"),
    ),
    Entity(
        "purchase_orders",
        "/v1/purchaseorder",
        "/v1/purchaseorder/{number}",
        _field("orderType", "orderNbr"),
        two_part_key=True,
        party="supplier",
        dated=("orderDate", "date"),
    ),
    Entity(
        "accounts",
        "/v1/account",
        "/v1/account/{number}",
        _field("accountCD"),
        paging=Paging.UNPAGED,
        extra_params={"includeAccountClassDescription": "true"},
        reference=True,
    ),
    Entity(
        "subaccounts", "/v1/subaccount", "/v1/subaccount/{number}", _field("subaccountNumber"), reference=True
    ),
    Entity(
        "dimensions",
        "/v1/dimension",
        "/v1/dimension/{number}",
        _field("id"),
        modified=lambda _: None,
        paging=Paging.IDS,
        change_filter=ChangeFilter.NONE,
        detail_params={"expandSegmentsValues": "true"},
        reference=True,
    ),
    Entity("ledgers", "/v1/ledger", "", _field("number"), paging=Paging.UNPAGED, reference=True),
    Entity(
        "currencies",
        "/v1/currency",
        "/v1/currency/{number}",
        _field("id"),
        modified=lambda _: None,
        paging=Paging.UNPAGED,
        change_filter=ChangeFilter.NONE,
        reference=True,
    ),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in _ALL}
"""Every readable entity by name. The names are those of the snapshots."""
