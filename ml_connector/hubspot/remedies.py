"""What a person can do about each cause of a reject, in one sentence."""

REMEDIES = {
    "VALIDATION_ERROR": "Correct the value in Visma, or the property's rules in HubSpot.",
    "INVALID_EMAIL": "Correct the e-mail address in Visma.",
    "PROPERTY_DOESNT_EXIST": "Run the properties step again; it creates what is missing.",
    "CONFLICT": "Another HubSpot record holds this unique value; merge the two or correct one.",
    "OBJECT_ALREADY_EXISTS": "Another HubSpot record holds this unique value; merge the two or correct one.",
    "CONFLICTING_UNIQUE_VALUE": "Another HubSpot record holds this unique value; merge the two or correct one.",
    "OBJECT_NOT_FOUND": "The HubSpot record was archived or merged; restore it there, or remove its link here.",
    "unknown": "Nothing: it is read back and sent again by the next run.",
    "CONFLICT_FOR_A_PERSON": "Decide which HubSpot record it is: merge duplicates there, or correct the keys.",
    "CANNOT_BE_SENT": "Complete the record in Visma.",
    "CURRENCY_NOT_IN_PORTAL": "Add the currency in the portal's settings, or set invoices.convert_currency.",
    "NO_COMPANY": "Nothing, if its company is among the rejects: correct that one, and this follows.",
}

OTHER = "Read the message; correct the record in Visma or HubSpot. It is tried again by every run."


def remedy_for(cause: str) -> str:
    """Return the remedy for a cause: HubSpot's category, or one of ours."""
    return REMEDIES.get(cause, OTHER)
