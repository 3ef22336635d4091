"""The settings of merging: who wins, per object and property, where HubSpot holds another value."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field, field_serializer, model_validator

from ml_connector.settings.base import Settings


class Policy(StrEnum):
    """What happens to a HubSpot value that differs from Visma's.

    Overwrite puts Visma's in its place, fill_blank only where there is none, never_after_create leaves it alone.
    Overwrite_unless_edited keeps a value that a person changed in HubSpot after our last write; flag_if_edited keeps
    it too and says on the HubSpot record what Visma has.
    """

    OVERWRITE = "overwrite"
    FILL_BLANK = "fill_blank"
    NEVER_AFTER_CREATE = "never_after_create"
    OVERWRITE_UNLESS_EDITED = "overwrite_unless_edited"
    FLAG_IF_EDITED = "flag_if_edited"


MERGED = ("companies", "contacts")
"""The objects that people and Visma both write to."""

TRUTH_OF_THE_ERP = ("invoices", "line_items", "payments", "transactions")


class MergingSettings(Settings):
    """Who wins when HubSpot holds another value, per property. Everything not named is overwritten.

    Invoices, payments and sales transactions have no policies: they are the ERP's truth, and a reconciliation compares
    them to the cent.
    """

    companies: dict[str, Policy] = Field(
        default={"domain": Policy.FILL_BLANK},
        description="Policy per company property.",
        examples=[{"domain": "fill_blank", "phone": "fill_blank"}],
    )
    contacts: dict[str, Policy] = Field(
        default={
            "firstname": Policy.FILL_BLANK,
            "lastname": Policy.FILL_BLANK,
            "jobtitle": Policy.FILL_BLANK,
            "email": Policy.FILL_BLANK,
        },
        description="Policy per contact property.",
    )
    clear_on_null: frozenset[str] = Field(
        default=frozenset(),
        description="Properties that are emptied in HubSpot where Visma has no value, such as `phone`, or "
        "`companies.phone` for one object; by default none is.",
        examples=[["companies.phone"]],
    )

    @field_serializer("clear_on_null", when_used="json")
    def _in_order(self, names: frozenset[str]) -> list[str]:
        """Return them as they are written anywhere: the same settings are the same text in every process."""
        return sorted(names)

    @model_validator(mode="before")
    @classmethod
    def _documents_are_not_merged(cls, value: Any) -> Any:
        for name in TRUTH_OF_THE_ERP if isinstance(value, dict) else ():
            if name in value:
                raise ValueError(
                    f"{name} have no policies: they are the ERP's truth and always as Visma has them"
                )
        return value

    def policies(self, object_type: str) -> Mapping[str, Policy]:
        """Return who wins per property of an object."""
        return {"companies": self.companies, "contacts": self.contacts}[object_type]

    def cleared(self, object_type: str) -> frozenset[str]:
        """Return the properties of an object that are emptied where Visma has no value."""
        own = f"{object_type}."
        return frozenset(
            name.removeprefix(own) for name in self.clear_on_null if name.startswith(own) or "." not in name
        )

    def names(self) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
        """Yield every property that is named: its object, its name, and the place it is written at.

        The object of a name that stands for both is ``companies or contacts``.
        """
        for object_type in MERGED:
            for name in self.policies(object_type):
                yield object_type, name, (object_type, name)
        for written in sorted(self.clear_on_null):
            object_type, _, name = written.rpartition(".")
            yield object_type or EITHER, name, ("clear_on_null",)


EITHER = "companies or contacts"
