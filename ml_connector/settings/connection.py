"""The settings of a connection as a whole, and what only a whole can be judged by."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, croniter
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ml_connector.hubspot.visma_group import company_property_names, contact_property_names
from ml_connector.nearest import nearest
from ml_connector.settings.base import PlacedError, Settings
from ml_connector.settings.mapping import MappingSettings
from ml_connector.settings.matching import MatchingSettings
from ml_connector.settings.merging import EITHER, MERGED, MergingSettings
from ml_connector.settings.money import (
    DealSettings,
    InvoiceSettings,
    PaymentSettings,
    ReconciliationSettings,
    TransactionRules,
)
from ml_connector.settings.taking import TakeSettings


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Oslo")
    return value


def _known_cron(value: str) -> str:
    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError(f"{value!r} is not a cron expression of five fields, such as '0 0 * * *'")
    try:
        croniter(value).get_next()
    except CroniterBadDateError:
        raise ValueError(f"{value!r} never comes; there is no such day") from None
    return value


def _not_a_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("YAML reads 10:30 without quotes as a number; write '10:30'")
    return value


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]
CronExpression = Annotated[
    str, AfterValidator(_known_cron), Field(json_schema_extra={"pattern": r"^\S+( +\S+){4}$"})
]
"""The pattern is for `dg check yaml`, which sees the JSON schema only."""

TimeOfDay = Annotated[time, BeforeValidator(_not_a_number)]


class RecordKind(StrEnum):
    """Records that may travel besides companies and contacts."""

    PURCHASES = "purchases"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    TRANSACTIONS = "transactions"


class LimitSettings(Settings):
    """When a run stops before it writes anything, because far more would change than usual.

    A figure (creates, updates, updates of one property, archives) is too much when it is over the floor, over `times`
    the most of the last 20 runs, and over `share_percent` of the records known. A first load is never too much.
    """

    times: int = Field(default=5, ge=1, description="How many times the most of recent runs is still usual.")
    share_percent: int = Field(
        default=20, ge=1, le=100, description="Which share of the records known may always change."
    )
    floor: int = Field(default=50, ge=0, description="How many changes never stop a run.")
    amount_times: int = Field(
        default=20,
        ge=2,
        description="How many times the largest amounts of recent runs are still usual; told once five runs had any.",
    )
    most_creates: int | None = Field(
        default=None,
        ge=0,
        description="A hard limit for creates of one kind in a run, the first load included.",
    )
    most_updates: int | None = Field(default=None, ge=0, description="A hard limit for updates.")
    most_archives: int | None = Field(default=None, ge=0, description="A hard limit for archives.")


class RecordLinks(Settings):
    """Addresses of Visma's screens, with ``{number}`` for the record's number. Without one no link is written."""

    customer: str | None = Field(default=None, pattern=r"^https://.*\{number\}", description="A customer.")
    supplier: str | None = Field(default=None, pattern=r"^https://.*\{number\}", description="A supplier.")


BUILT_IN = {"companies": company_property_names(), "contacts": contact_property_names()}
"""The properties that are filled whatever is mapped."""

IDENTITIES = frozenset({"visma_customer_id", "visma_supplier_id", "visma_contact_id"})


class ConnectionSettings(Settings):
    """One Visma company (tenant) and one HubSpot portal: when its windows are cut and how its records travel."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="The connection's name, first part of every asset key and every id in HubSpot. Never change it.",
    )
    start: date = Field(
        json_schema_extra={"pattern": r"^\d{4}-\d{2}-\d{2}$"},
        description="Date of the first partition. It is open to the left: it holds the initial load.",
    )
    timezone: TimeZoneName = Field(
        default="Europe/Oslo", description="The company's time zone: windows are cut in it."
    )
    visma_timezone: TimeZoneName | None = Field(
        default=None,
        description="The zone of Visma's time stamps, if it is not the company's; `ping` checks it.",
    )
    windows: CronExpression = Field(
        default="0 0 * * *",
        description="Cron that cuts time into windows: midnight by default, '0 18 * * *' for the close of business.",
    )
    settle_minutes: int = Field(
        default=30,
        ge=0,
        le=1440,
        description="Minutes after a window's end before it is synced, for late commits.",
    )
    not_before: TimeOfDay | None = Field(
        default=None, description="Time of day (company zone) before which the sensor starts no run."
    )
    overlap_minutes: int = Field(
        default=120,
        ge=0,
        le=1440,
        description="Minutes before a window's start that are read again: for late commits and clock changes.",
    )
    region: str = Field(
        default="NO",
        pattern=r"^[A-Z]{2}$",
        description="Country (two letters) of phone numbers that are written without a country code.",
    )
    portal_id: int | None = Field(
        default=None,
        description="The only HubSpot portal this connection may write to; without it, the portal of the token.",
    )
    requests_in_flight: int = Field(
        default=8, ge=1, le=16, description="HubSpot requests sent side by side, within its rate limits."
    )
    daily: bool = Field(
        default=True, description="Whether the daily sensor runs without being switched on in the UI."
    )
    record_links: RecordLinks = Field(
        default=RecordLinks(),
        description="Addresses of Visma's screens, by which a HubSpot record leads back to Visma.",
    )
    invoices: InvoiceSettings = Field(default=InvoiceSettings(), description="How documents travel.")
    deals: DealSettings = Field(default=DealSettings(), description="How the deal of an invoice is found.")
    payments: PaymentSettings = Field(
        default=PaymentSettings(), description="Whether payments become records."
    )
    transactions: TransactionRules = Field(
        default=TransactionRules(), description="Which journal batches are sales."
    )
    limits: LimitSettings = Field(
        default=LimitSettings(), description="How much may change before a person has to say yes."
    )
    reconciliation: ReconciliationSettings = Field(
        default=ReconciliationSettings(), description="What follows from a comparison of the two systems."
    )
    owners: tuple[str, ...] = Field(
        default=("team:finance-systems",),
        description="Owners shown on the assets: e-mail addresses or team:name.",
    )
    records: tuple[RecordKind, ...] = Field(
        default=tuple(RecordKind),
        description="The records that travel besides companies and contacts; payments and transactions need invoices, "
        "which they are linked with.",
    )
    matching: MatchingSettings = Field(
        default=MatchingSettings(), description="How existing records are recognised."
    )
    merging: MergingSettings = Field(default=MergingSettings(), description="Which side wins, per property.")
    mapping: MappingSettings = Field(
        default=MappingSettings(), description="Visma fields that fill properties of your own choice."
    )
    take: TakeSettings = Field(default=TakeSettings(), description="Which customers and suppliers travel.")

    @model_validator(mode="after")
    def _links_have_an_end(self) -> "ConnectionSettings":
        if {RecordKind.PAYMENTS, RecordKind.TRANSACTIONS} & set(self.records) and not self.carries(
            RecordKind.INVOICES
        ):
            raise ValueError("payments and transactions are linked with invoices; add invoices to records")
        return self

    @model_validator(mode="after")
    def _midnight_cut_exists(self) -> "ConnectionSettings":
        if self.not_before is not None and self.not_before.tzinfo is not None:
            raise ValueError("not_before is a time of day in the company's zone; write it without an offset")
        return self

    @model_validator(mode="after")
    def _merged_properties_are_filled(self) -> "ConnectionSettings":
        filled = {kind: {*BUILT_IN[kind], *self.mapping.targets(kind)} for kind in MERGED}
        filled[EITHER] = set().union(*filled.values())
        for object_type, name, place in self.merging.names():
            if name in IDENTITIES:
                raise PlacedError(f"{name} says who a record is; it has no policy", "merging", *place)
            if name not in filled.get(object_type, ()):
                known = "".join(f"; nearest: {one}" for one in nearest(name, filled.get(object_type, ())))
                message = f"{name} is no property that is filled in {object_type}{known}"
                raise PlacedError(message, "merging", *place)
        return self

    def filled(self, object_type: str) -> tuple[str, ...]:
        """Return the names of all properties of companies or contacts that a record may set."""
        return tuple(dict.fromkeys((*BUILT_IN[object_type], *self.mapping.targets(object_type))))

    def carries(self, kind: RecordKind | None) -> bool:
        """Return whether these records travel; None stands for companies and contacts, which always do."""
        return kind is None or kind in self.records

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def stamp_zone(self) -> ZoneInfo:
        """The zone of Visma's naive time stamps (reference: visma 3.2, not documented; company-local by evidence)."""
        return ZoneInfo(self.visma_timezone or self.timezone)
