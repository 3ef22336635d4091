"""The causes that HubSpot tells, with the words of its answers that refuse a record (reference: hubspot 8 to 10)."""

from ml_connector.causes.model import Cause, Where

NO_ANSWER = Cause(
    "no-answer",
    "HubSpot did not say what became of it.",
    "Nothing: the next run reads it back and sends it again where it is not there.",
    Where.NOWHERE,
    words=frozenset({"NO_ANSWER", "UNCONFIRMED", "NOT_SENT"}),
    said=("^HubSpot did not say what became of it$",),
)

VALUE_REFUSED = Cause(
    "value-refused",
    "HubSpot does not accept the value of {detail}.",
    "Look at the property's validation rules in HubSpot's settings: loosen them there, or correct the value in Visma.",
    Where.HUBSPOT,
    whatever="one of its properties",
    words=frozenset({"VALIDATION_ERROR", "INVALID_ALPHA"}),
)
"""Also for every code of a property that is not listed here: HubSpot has a code for each of its validation rules."""

NOT_ARCHIVED = Cause(
    "not-archived",
    "HubSpot does not let the record be archived, as an invoice that is issued.",
    "Leave it, or void it and archive it in HubSpot by hand.",
    Where.HUBSPOT,
)
"""An archive sends no values, so that a refusal of this kind is about the record itself."""

REQUIRED = Cause(
    "property-required",
    "The portal demands {detail} of a new record.",
    "Make the property optional in HubSpot's settings, or fill it from Visma.",
    Where.HUBSPOT,
    whatever="a property",
    words=frozenset({"REQUIRED_FIELD", "MISSING_REQUIRED_PROPERTIES"}),
)

OTHER = Cause(
    "other",
    "It was refused for a reason that is not in the catalogue ({detail}).",
    "Read the message of one of the records; correct it in Visma or HubSpot, or ask for help with the message.",
    Where.HUBSPOT,
    whatever="no word for it was given",
)
"""What an API or we ourselves say tomorrow. HubSpot's category, where it has one, is the detail."""

CAUSES = (
    Cause(
        "email-refused",
        "The e-mail address is not one that HubSpot accepts.",
        "Correct the e-mail address in Visma.",
        Where.VISMA,
        words=frozenset({"INVALID_EMAIL"}),
        said=("^its e-mail address is not one HubSpot accepts$",),
    ),
    Cause(
        "option-missing",
        "The value of {detail} is not one of its options in HubSpot.",
        "Add the option to the property in HubSpot's settings, or correct the value in Visma.",
        Where.HUBSPOT,
        whatever="a property",
        words=frozenset({"INVALID_OPTION"}),
    ),
    Cause(
        "format-refused",
        "The value of {detail} is not what a property of its type can hold.",
        "Correct the value in Visma. Where all records are refused, set the property's type in HubSpot back.",
        Where.VISMA,
        whatever="a property",
        words=frozenset(
            {
                "INVALID_BOOLEAN",
                "INVALID_DATE",
                "INVALID_INTEGER",
                "INVALID_LONG",
                "INVALID_NUMBER",
                "INVALID_NUMERIC",
            }
        ),
    ),
    Cause(
        "value-taken",
        "The value of {detail} has to be unique, and another HubSpot record holds it.",
        "Merge the two records in HubSpot, or correct the number in Visma.",
        Where.HUBSPOT,
        whatever="a property",
        words=frozenset({"CONFLICTING_UNIQUE_VALUE"}),
    ),
    Cause(
        "record-exists",
        "HubSpot has a record with the same identity already.",
        "Merge the two records in HubSpot, or correct what they share, such as an e-mail address.",
        Where.HUBSPOT,
        words=frozenset({"CONFLICT", "OBJECT_ALREADY_EXISTS", "CONTACT_EXISTS"}),
    ),
    Cause(
        "property-missing",
        "{detail} is not a property of this portal.",
        "Try again: every run makes the properties it fills. If it comes back, a person deletes the property.",
        Where.HUBSPOT,
        whatever="One of its fields",
        words=frozenset({"PROPERTY_DOESNT_EXIST"}),
    ),
    Cause(
        "property-read-only",
        "{detail} is a property that only HubSpot writes.",
        "Take the property out of the connection's settings.",
        Where.SETTINGS,
        whatever="One of its fields",
        words=frozenset({"READ_ONLY_VALUE"}),
    ),
    Cause(
        "invoice-not-whole",
        "HubSpot does not let the invoice be opened: something that belongs to it is missing there.",
        "Nothing, if one of its lines or its contact is refused too: correct that one, and this follows.",
        Where.NOWHERE,
        words=frozenset({"INVOICE_VALIDATION_ERROR"}),
    ),
    Cause(
        "link-refused",
        "HubSpot does not take the link between two records.",
        "Look in HubSpot whether one of the two was archived or merged. The next run makes the link again.",
        Where.HUBSPOT,
        words=frozenset({"INVALID_OBJECT_IDS", "BAD_REQUEST"}),
    ),
    Cause(
        "record-gone",
        "Its HubSpot record was archived, deleted or merged by a person; it is not made again.",
        "Restore the record in HubSpot, or put this one aside if it is not to come back; `conflicts` links or makes "
        "another company or contact.",
        Where.HUBSPOT,
        words=frozenset({"OBJECT_NOT_FOUND"}),
        said=(r"was archived or merged by a person; it is not made again$",),
    ),
    REQUIRED,
    VALUE_REFUSED,
    NOT_ARCHIVED,
    NO_ANSWER,
)
