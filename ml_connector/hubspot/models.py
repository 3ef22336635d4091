"""What HubSpot returns, as frozen dataclasses, and the pure functions that read them from JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ml_connector.errors import TransientApiError
from ml_connector.storable import storable


@dataclass(frozen=True, slots=True)
class HubSpotRecord:
    """One record of any type. Property values are strings or None; amounts are never parsed here.

    ``associations`` holds the ids of associated records by their type (``companies``), only where the call
    asked for them; ``cut`` names the types whose list HubSpot cut short, to be read with
    :func:`ml_connector.hubspot.associations.read_links`.
    """

    id: str
    properties: dict[str, str | None]
    associations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    archived: bool = False
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A property as the portal defines it (reference: hubspot 8). ``options`` are the internal values, in order.

    ``external_options``: HubSpot keeps the options elsewhere, as those of an owner.
    """

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[str, ...]
    option_items: tuple[dict[str, Any], ...] = field(repr=False)
    unique: bool
    read_only: bool
    hubspot_defined: bool
    external_options: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The portal behind a token (reference: hubspot 12). Currencies are ISO 4217 codes."""

    portal_id: int
    time_zone: str
    company_currency: str
    additional_currencies: tuple[str, ...]
    ui_domain: str
    account_type: str

    @property
    def currencies(self) -> tuple[str, ...]:
        """All currencies a document may be in, the company's own first."""
        return (self.company_currency, *self.additional_currencies)

    def record_url(self, type_id: str, record_id: str) -> str:
        """Return the page of a record in HubSpot; ``type_id`` such as ``0-2`` (reference: hubspot 12)."""
        return f"https://{self.ui_domain}/contacts/{self.portal_id}/record/{type_id}/{record_id}"

    def address_of(self, object_type: str, record_id: str) -> str | None:
        """Return the page of a record by the name of its object; None for one that has no pages of its own."""
        type_id = TYPE_IDS.get(object_type)
        return self.record_url(type_id, record_id) if type_id else None


TYPE_IDS = {
    "companies": "0-2",
    "contacts": "0-1",
    "deals": "0-3",
    "invoices": "0-53",
    "commerce_payments": "0-101",
}
"""Type ids in the addresses of records that have a page of their own (reference: hubspot 2)."""


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """The portal a token belongs to and what it may do. Sensitive scopes carry the suffix ``.v2``."""

    hub_id: int
    scopes: frozenset[str]

    def lacking(self, needed: Iterable[str]) -> tuple[str, ...]:
        """Return those of the needed scopes that the token does not have, in the same order."""
        return tuple(one for one in needed if self.scopes.isdisjoint((one, f"{one}.v2")))


def record_from(item: dict[str, Any]) -> HubSpotRecord:
    """Read one record of a list, read, batch read or search answer.

    Raises:
        TransientApiError: it has no id, so the answer is not one that can be trusted.
    """
    if not item.get("id"):
        raise TransientApiError("HubSpot answered with a record that has no id.")
    kinds = item.get("associations")
    lists = kinds if isinstance(kinds, dict) else {}
    return HubSpotRecord(
        id=str(item["id"]),
        properties={
            name: None if value is None else storable(str(value))
            for name, value in (item.get("properties") or {}).items()
        },
        associations={kind: _associated_ids(listed) for kind, listed in lists.items()},
        archived=bool(item.get("archived")),
        cut=frozenset(kind for kind, listed in lists.items() if (listed.get("paging") or {}).get("next")),
    )


def definition_from(item: dict[str, Any]) -> PropertyDefinition:
    """Read one property of the properties endpoint; a calculated property counts as read-only."""
    options = tuple(option for option in item.get("options") or () if isinstance(option, dict))
    limits = item.get("modificationMetadata") or {}
    return PropertyDefinition(
        name=str(item["name"]),
        label=str(item.get("label") or ""),
        type=str(item.get("type") or ""),
        field_type=str(item.get("fieldType") or ""),
        group=str(item.get("groupName") or ""),
        options=tuple(str(option.get("value")) for option in options),
        option_items=options,
        unique=bool(item.get("hasUniqueValue")),
        read_only=bool(limits.get("readOnlyValue") or item.get("calculated")),
        hubspot_defined=bool(item.get("hubspotDefined")),
        external_options=bool(item.get("externalOptions")),
    )


def _associated_ids(listed: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids in their order, each once: a record linked with two types is listed twice."""
    return tuple(dict.fromkeys(str(item["id"]) for item in listed.get("results") or ()))


def account_from(body: dict[str, Any]) -> Account:
    """Read the account details."""
    return Account(
        portal_id=int(body["portalId"]),
        time_zone=str(body.get("timeZone") or "UTC"),
        company_currency=str(body.get("companyCurrency") or ""),
        additional_currencies=tuple(body.get("additionalCurrencies") or ()),
        ui_domain=str(body.get("uiDomain") or "app.hubspot.com"),
        account_type=str(body.get("accountType") or ""),
    )
