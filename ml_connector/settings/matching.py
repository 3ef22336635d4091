"""The settings of matching: which existing HubSpot record a Visma record may adopt, and what happens if none fits."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from ml_connector.settings.base import FieldPath, OrBare, PlacedError, PropertyName, Settings
from ml_connector.visma_row_fields import unknown_field


class CompanyRule(StrEnum):
    """How an existing HubSpot company may be recognised as a Visma customer or supplier, the first time."""

    ORGANISATION_NUMBER = "organisation_number"
    EMAIL = "email"
    DOMAIN = "domain"
    PHONE = "phone"
    NAME = "name"
    PROPERTY = "property"


class ContactRule(StrEnum):
    """How an existing HubSpot contact may be recognised as a Visma contact, the first time."""

    EMAIL = "email"


class One(StrEnum):
    """What one hit means: it is that record, or a person is asked whether it is."""

    ADOPT = "adopt"
    CONFLICT = "conflict"


class Many(StrEnum):
    """What two hits mean: a person has to choose, the next rule is asked, or the record is left out. Never a guess."""

    CONFLICT = "conflict"
    NEXT = "next"
    SKIP = "skip"


class Missing(StrEnum):
    """What becomes of a record that no rule finds: it is made, left out, or a person is asked."""

    CREATE = "create"
    SKIP = "skip"
    CONFLICT = "conflict"


class Form(StrEnum):
    """The form into which two values are brought before they are compared."""

    EXACT = "exact"
    CASEFOLD = "casefold"
    DIGITS = "digits"
    EMAIL = "email"
    DOMAIN = "domain"
    PHONE = "phone"
    ORGANISATION_NUMBER = "organisation_number"
    COMPANY_NAME = "company_name"


class _Step(Settings):
    """A rule with what follows from its hits. A step of which nothing but the rule is said may be its bare name."""

    @model_validator(mode="before")
    @classmethod
    def _from_bare_name(cls, value: Any) -> Any:
        return {"rule": value} if isinstance(value, str) else value

    @model_serializer(mode="wrap")
    def _to_bare_name(self, write: SerializerFunctionWrapHandler) -> Any:
        written = write(self)
        said = {
            name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default
        }
        return (
            written["rule"] if said == {"rule"} else {name: written[name] for name in written if name in said}
        )


class CompanyStep(_Step):
    """One step of recognising a company: a rule, and what one hit and two hits of it mean."""

    rule: CompanyRule = Field(
        description="What is compared. `property` compares a Visma field with a HubSpot property, both named below."
    )
    one: One = Field(
        default=One.ADOPT,
        description="What one hit means: `adopt` takes it, `conflict` proposes it to a person.",
    )
    many: Many = Field(
        default=Many.CONFLICT,
        description="What two hits mean: `conflict` asks a person, `next` asks the next rule as if there were none, "
        "`skip` leaves the record out.",
    )
    visma: FieldPath | None = Field(
        default=None,
        description="For `property`: a field of the customer or supplier, or `attributes.` and an attribute's id.",
        examples=["accountReference"],
    )
    hubspot: PropertyName | None = Field(
        default=None,
        description="For `property`: the company property that holds the same value.",
        examples=["legacy_erp_number"],
    )
    form: Form = Field(
        default=Form.EXACT,
        description="For `property`: the form in which the two are compared; `casefold` is whatever the case, `digits` "
        "is the digits alone, the others are those of the rules.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "CompanyStep":
        if self.rule is CompanyRule.PROPERTY:
            lacking = [name for name in ("visma", "hubspot") if getattr(self, name) is None]
            if lacking:
                raise ValueError(f"the rule property needs {' and '.join(lacking)}")
            problems = [unknown_field(rows, str(self.visma)) for rows in ("customers", "suppliers")]
            if all(problems):
                raise PlacedError(str(problems[0]), "visma")
        elif self.visma or self.hubspot or self.form is not Form.EXACT:
            raise ValueError(f"visma, hubspot and form belong to the rule property, not to {self.rule}")
        return self

    @property
    def name(self) -> str:
        """What the step is called in plans and in the ledger: ``domain``, ``property:legacy_erp_number``."""
        return f"{self.rule}:{self.hubspot}" if self.rule is CompanyRule.PROPERTY else str(self.rule)


class ContactStep(_Step):
    """One step of recognising a contact. Two hits cannot be: HubSpot keeps an e-mail address unique."""

    rule: ContactRule = Field(description="What is compared.")
    one: One = Field(
        default=One.ADOPT,
        description="What one hit means: `adopt` takes it, `conflict` proposes it to a person.",
    )


class CreateMissing(Settings):
    """What becomes of records that no rule finds. A bare true or false in its place means both."""

    companies: Missing = Field(default=Missing.CREATE, description="Customers and suppliers.")
    contacts: Missing = Field(default=Missing.CREATE, description="Contacts.")

    @model_validator(mode="before")
    @classmethod
    def _from_bare(cls, value: Any) -> Any:
        if isinstance(value, bool):
            value = {"companies": value, "contacts": value}
        if not isinstance(value, dict):
            return value
        words = {True: Missing.CREATE, False: Missing.SKIP}
        return {name: words[one] if isinstance(one, bool) else one for name, one in value.items()}

    @model_serializer(mode="wrap")
    def _to_bare(self, write: SerializerFunctionWrapHandler) -> Any:
        if self.companies is self.contacts and self.companies is not Missing.CONFLICT:
            return self.companies is Missing.CREATE
        return write(self)


def _bare(rules: Iterable[StrEnum]) -> OrBare:
    """Return that some rules may be written as their bare names."""
    names = [str(rule) for rule in rules]
    return OrBare(" / ".join(f"`{name}`" for name in names), type="string", enum=names)


_BARE_COMPANY_RULES = _bare(rule for rule in CompanyRule if rule is not CompanyRule.PROPERTY)


class MatchingSettings(Settings):
    """Which existing HubSpot records a Visma record may adopt. A record's own Visma id always comes first."""

    companies: tuple[Annotated[CompanyStep, _BARE_COMPANY_RULES], ...] = Field(
        default=tuple(
            CompanyStep(rule=rule)
            for rule in (
                CompanyRule.ORGANISATION_NUMBER,
                CompanyRule.EMAIL,
                CompanyRule.DOMAIN,
                CompanyRule.PHONE,
            )
        ),
        description="Rules tried in this order, each a bare name or a whole step; the first one with a hit decides.",
        examples=[
            [
                "organisation_number",
                {
                    "rule": "property",
                    "visma": "accountReference",
                    "hubspot": "legacy_erp_number",
                    "form": "casefold",
                },
                {"rule": "domain", "many": "next"},
                {"rule": "name", "one": "conflict"},
            ]
        ],
    )
    contacts: tuple[Annotated[ContactStep, _bare(ContactRule)], ...] = Field(
        default=(ContactStep(rule=ContactRule.EMAIL),),
        min_length=1,
        max_length=1,
        description="How contacts are recognised. It cannot be empty: HubSpot takes no second contact with an address.",
        examples=[[{"rule": "email", "one": "conflict"}]],
    )
    organisation_number_properties: tuple[str, ...] = Field(
        default=(
            "visma_organisation_number",
            "organisation_number",
            "organization_number",
            "org_number",
            "orgnr",
        ),
        description="Company properties that may hold an organisation number; those missing in the portal are ignored.",
    )
    create_missing: Annotated[CreateMissing, OrBare("true or false", type="boolean")] = Field(
        default=CreateMissing(),
        description="What becomes of a record that matches nothing: true creates it in HubSpot, false skips it; or one "
        "word for companies and one for contacts.",
        examples=[{"companies": "conflict", "contacts": "create"}],
    )

    @property
    def proposes_contacts(self) -> bool:
        """Whether a contact that is found by its address is only proposed to a person."""
        return any(step.one is One.CONFLICT for step in self.contacts)
