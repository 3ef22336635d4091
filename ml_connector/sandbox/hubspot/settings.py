"""What can be set on the HubSpot half of the sandbox: the account, its limits, its quirks and its planted trouble."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_TOKEN = "pat-eu1-5a4d0b0c-0000-4000-8000-00000000d3a0"
"""The bearer every fresh sandbox accepts; it opens nothing else."""

ALL_SCOPES = frozenset(
    {
        "oauth",
        "e-commerce",
        "tax_rates.read",
        "settings.currencies.read",
        "crm.objects.owners.read",
        *(
            f"crm.objects.{name}.{right}"
            for name in (
                "companies",
                "contacts",
                "deals",
                "invoices",
                "line_items",
                "products",
                "orders",
                "commercepayments",
                "custom",
            )
            for right in ("read", "write")
        ),
        *(
            f"crm.schemas.{name}.{right}"
            for name in ("companies", "contacts", "deals", "invoices", "orders", "commercepayments", "custom")
            for right in ("read", "write")
        ),
        "crm.schemas.line_items.read",
    }
)
"""Every scope the sandbox knows (reference: hubspot 12)."""

FREE_MAIL_DOMAINS = frozenset(
    {"gmail.com", "outlook.com", "hotmail.com", "online.no", "icloud.com", "yahoo.com"}
)
"""Domains that never make a company when automatic association is on."""


class PoisonMode(StrEnum):
    """How a refused record shows in the answer of a batch (reference: peers D2, W4 to W7)."""

    INPUT_ERROR = "input_error"
    BATCH_400 = "batch_400"
    BATCH_409 = "batch_409"
    EMPTY_RESULTS = "empty_results"
    MISSING_RESULT = "missing_result"


@dataclass(frozen=True, slots=True)
class PoisonRule:
    """Refuses records of ``object_type`` whose ``property`` matches ``pattern`` (a regular expression, whole value)."""

    object_type: str
    property: str
    pattern: str
    mode: PoisonMode = PoisonMode.INPUT_ERROR


@dataclass(frozen=True, slots=True)
class Fault:
    """Answers the next ``times`` matching calls with ``status`` and without carrying them out.

    ``method`` None matches every method; ``path_contains`` is a plain part of the path; ``retry_after`` (seconds) adds
    the header. 423, 437 and 477 get HubSpot's own bodies (reference: hubspot 10).
    """

    status: int
    method: str | None = None
    path_contains: str = ""
    times: int = 1
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A rate of the account's tax library; ``percentage`` is a decimal number as text."""

    id: str
    name: str
    percentage: str


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who can own records."""

    id: str
    user_id: int
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpotSandboxSettings:
    """The settings of one sandbox account.

    Limits of None are not enforced. ``search_lag_seconds`` is how long a write stays unseen by search.
    ``lines_needed_when_not_billable`` checks for line items where the guide says that nothing is checked, as some
    integrations met it (reference: hubspot 5).
    ``history_entries`` is how many values of a property a history shows, the newest: no documentation names a figure.
    ``batch_create_status``, ``partial_status`` and ``association_create_status`` are what 2026-09 answers, because the
    specification and older servers disagree (reference: hubspot 2); older versions always answer as documented.
    """

    portal_id: int = 139_876_543
    app_id: int = 4_471_209
    access_tokens: tuple[str, ...] = (DEFAULT_TOKEN,)
    scopes: frozenset[str] = ALL_SCOPES
    account_type: str = "STANDARD"
    time_zone: str = "Europe/Oslo"
    company_currency: str = "NOK"
    additional_currencies: tuple[str, ...] = ("DKK", "EUR", "GBP", "SEK", "USD")
    ui_domain: str = "app-eu1.hubspot.com"
    data_hosting_location: str = "eu1"
    enterprise: bool = False
    payments_enabled: bool = False
    open_invoices_deletable: bool = False
    lines_needed_when_not_billable: bool = False

    requests_per_ten_seconds: int | None = 190
    association_requests_per_ten_seconds: int | None = 150
    searches_per_second: int | None = 5
    requests_per_day: int | None = 625_000
    retry_after_seconds: int | None = None

    search_lag_seconds: float = 1.0
    shuffle_results: bool = True
    history_entries: int = 20
    seed: int = 20_261_120
    batch_create_status: int = 201
    partial_status: int = 207
    association_create_status: int = 200
    numeric_to_object_id: bool = False
    merge_gives_new_id: bool = False
    automatic_company_association: bool = False
    excluded_domains: frozenset[str] = FREE_MAIL_DOMAINS

    unique_properties_per_object: int = 10
    custom_properties_per_object: int = 1_000
    labels_per_pair: int = 50
    extra_read_only: frozenset[tuple[str, str]] = frozenset()
    properties_in_use: frozenset[tuple[str, str]] = frozenset()
    required_on_create: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    poison: tuple[PoisonRule, ...] = ()
    tax_rates: tuple[TaxRate, ...] = (
        TaxRate("1001", "MVA 25 %", "25.0"),
        TaxRate("1002", "MVA 15 %", "15.0"),
        TaxRate("1003", "MVA 12 %", "12.0"),
        TaxRate("1004", "No VAT", "0.0"),
    )
    owners: tuple[Owner, ...] = (
        Owner("76801201", 55_120_001, "ingrid@sandbox.example", "Ingrid", "Dahl"),
        Owner("76801202", 55_120_002, "magnus@sandbox.example", "Magnus", "Lie"),
    )
