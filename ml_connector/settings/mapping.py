"""The settings of mapping: which Visma fields fill which HubSpot properties, besides those that are filled anyway."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from ml_connector.settings.base import FieldPath, PlacedError, PropertyName, Settings, Word
from ml_connector.visma_row_fields import unknown_field


class ValueType(StrEnum):
    """What a value is in HubSpot."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    ENUMERATION = "enumeration"


REJECT = "reject"
BLANK = "blank"
"""What ``otherwise`` may say besides naming an option."""

OWN_PREFIX = "visma_"
"""The properties of the group "Visma", whose meaning is fixed."""

KEPT: dict[str, tuple[str, ...]] = {
    "contacts": ("email",),
    "invoices": ("hs_currency", "hs_invoice_status", "hs_invoice_date", "hs_invoice_billable"),
}
"""Properties by which records are recognised, or which a reconciliation compares: no other field may fill them."""


class FieldMapping(Settings):
    """One Visma field that fills one HubSpot property."""

    visma: FieldPath = Field(
        description="A field of the Visma row, such as `customerClass.description`; `attributes.` and an id "
        "is the value of that attribute.",
        examples=["attributes.INDUSTRY"],
    )
    hubspot: PropertyName = Field(
        description="The HubSpot property. It must exist; one that is filled anyway, such as `phone`, is filled from "
        "this field instead.",
        examples=["industry"],
    )
    type: ValueType = Field(
        default=ValueType.TEXT,
        description="What the value becomes. A value that cannot become that rejects its record, naming the field.",
    )
    values: dict[Word, Word] = Field(
        default={},
        description="For `enumeration`: the option for each value of the field, letter by letter.",
        examples=[{"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"}],
    )
    otherwise: Word = Field(
        default=REJECT,
        description="For `enumeration`: what any other value becomes: `reject` rejects the record, `blank` empties the "
        "property, anything else is an option.",
    )
    separator: Word | None = Field(
        default=None,
        description="For `enumeration` with several choices: what stands between them in Visma, such as `','`.",
    )

    @model_validator(mode="after")
    def _table_belongs_to_an_enumeration(self) -> "FieldMapping":
        if self.type is ValueType.ENUMERATION:
            if not self.values:
                raise ValueError("an enumeration needs values: the option for each value of the field")
        elif self.values or self.otherwise != REJECT or self.separator:
            raise ValueError(
                f"values, otherwise and separator belong to an enumeration, not to a {self.type}"
            )
        return self

    @property
    def options(self) -> tuple[str, ...]:
        """The options it may choose, each once."""
        fixed = () if self.otherwise in (REJECT, BLANK) else (self.otherwise,)
        return tuple(dict.fromkeys((*self.values.values(), *fixed)))


class MappingSettings(Settings):
    """Visma fields that fill HubSpot properties of your own choice. The properties must exist: none is made."""

    customers: tuple[FieldMapping, ...] = Field(
        default=(),
        description="Fields of customers, for their companies.",
        examples=[
            [
                {"visma": "customerClass.id", "hubspot": "customer_segment"},
                {
                    "visma": "attributes.INDUSTRY",
                    "hubspot": "industry",
                    "type": "enumeration",
                    "values": {"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"},
                    "otherwise": "blank",
                },
                {"visma": "creditLimit", "hubspot": "credit_limit", "type": "number"},
            ]
        ],
    )
    suppliers: tuple[FieldMapping, ...] = Field(
        default=(),
        description="Fields of suppliers, for their companies. Where a company is a customer too, the customer's value "
        "of the same property goes before.",
    )
    contacts: tuple[FieldMapping, ...] = Field(default=(), description="Fields of the contact list.")
    invoices: tuple[FieldMapping, ...] = Field(
        default=(),
        description="Fields of invoices, credit notes and debit notes, as Visma has them: amounts without a sign.",
        examples=[[{"visma": "paymentReference", "hubspot": "payment_reference"}]],
    )

    @model_validator(mode="after")
    def _fields_and_properties_are_free(self) -> "MappingSettings":
        for rows in type(self).model_fields:
            for place, problem in _problems(rows, getattr(self, rows)):
                raise PlacedError(problem, rows, *place)
        return self

    def of_object(self, object_type: str) -> tuple[FieldMapping, ...]:
        """Return the mappings that fill an object: ``companies``, ``contacts`` or ``invoices``."""
        found: dict[str, tuple[FieldMapping, ...]] = {
            "companies": self.customers + self.suppliers,
            "contacts": self.contacts,
            "invoices": self.invoices,
        }
        return found.get(object_type, ())

    def targets(self, object_type: str) -> tuple[str, ...]:
        """Return the names of an object's properties that are mapped, each once."""
        return tuple(dict.fromkeys(mapping.hubspot for mapping in self.of_object(object_type)))


def _problems(rows: str, mappings: tuple[FieldMapping, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield what is wrong with the mappings of some rows: where, and a sentence."""
    filled: set[str] = set()
    for number, mapping in enumerate(mappings):
        if problem := unknown_field(rows, mapping.visma):
            yield (number, "visma"), problem
        if mapping.hubspot.startswith(OWN_PREFIX):
            yield (
                (number, "hubspot"),
                f"{mapping.hubspot} is filled by ml-connector itself; name a property of yours",
            )
        if mapping.hubspot in KEPT.get(rows, ()):
            yield (
                (number, "hubspot"),
                f"{mapping.hubspot} identifies or settles a record; no other field may fill it",
            )
        if mapping.hubspot in filled:
            yield (number, "hubspot"), f"{mapping.hubspot} is filled by another field of {rows} already"
        filled.add(mapping.hubspot)
