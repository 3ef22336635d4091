"""The forms in which the rule ``property`` compares two values, and how a search asks for a value in such a form. Pure.

A search compares text letter by letter, whatever its case. Where a value in a form may be written in ways that cannot
be listed, a search cannot be asked for it, and the portal's companies are read whole instead.
"""

import re

from ml_connector.records import normal_forms
from ml_connector.settings.matching import Form

SEARCHABLE = frozenset({Form.EXACT, Form.CASEFOLD, Form.EMAIL, Form.ORGANISATION_NUMBER})
"""The forms whose spellings can be listed."""

LONGEST_KEY = 255
"""Characters of the longest value that is compared, and that still fits into a search."""


def in_form(form: Form, value: str | None, region: str) -> str | None:
    """Return a value in a form; None where it has nothing usable in it.

    Args:
        form: the form.
        value: as written.
        region: country of phone numbers written without a country code.
    """
    written = normal_forms.text(value)
    if written is None or len(written) > LONGEST_KEY:
        return None
    if form is Form.EXACT:
        return written
    if form is Form.CASEFOLD:
        return (
            written.lower()
        )  # as the search does; folding would make one of two letters that it tells apart
    if form is Form.DIGITS:
        return re.sub(r"\D", "", written) or None
    if form is Form.PHONE:
        return normal_forms.phone(written, region)
    read = {
        Form.EMAIL: normal_forms.email,
        Form.DOMAIN: normal_forms.host,
        Form.ORGANISATION_NUMBER: normal_forms.organisation_number,
        Form.COMPANY_NAME: normal_forms.company_name,
    }
    return read[form](written)


def spellings(form: Form, key: str) -> tuple[str, ...]:
    """Return what to search for to find every value that is ``key`` in a searchable form."""
    return normal_forms.organisation_number_spellings(key) if form is Form.ORGANISATION_NUMBER else (key,)
