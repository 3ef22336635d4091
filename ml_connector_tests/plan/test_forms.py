"""The forms of the rule ``property``: what is equal in each, and what a search is asked for."""

import pytest

from ml_connector.plan.forms import SEARCHABLE, in_form, spellings
from ml_connector.settings.matching import Form


@pytest.mark.parametrize(
    ("form", "left", "right", "equal"),
    [
        (Form.EXACT, "A-17", " A-17 ", True),
        (Form.EXACT, "A-17", "a-17", False),
        (Form.CASEFOLD, "A-17", "a-17", True),
        (Form.CASEFOLD, "Straße", "strasse", False),
        (Form.DIGITS, "C-10 023", "10023", True),
        (Form.DIGITS, "C-10023", "C-100230", False),
        (Form.EMAIL, "Kari@Fjord.no", "kari@fjord.no", True),
        (Form.DOMAIN, "https://www.fjord.no/om", "fjord.no", True),
        (Form.PHONE, "22 33 44 55", "+4722334455", True),
        (Form.ORGANISATION_NUMBER, "NO 912 345 678 MVA", "912345678", True),
        (Form.COMPANY_NAME, "Fjord  AS", "FJORD as", True),
    ],
)
def test_what_is_equal(form: Form, left: str, right: str, equal: bool) -> None:
    assert (in_form(form, left, "NO") == in_form(form, right, "NO")) is equal


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("value", [None, "", "  ", "x" * 256])
def test_what_is_empty_or_no_identifier_is_never_compared(form: Form, value: str | None) -> None:
    assert in_form(form, value, "NO") is None


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.DIGITS, "ingen"),
        (Form.EMAIL, "kari"),
        (Form.PHONE, "x"),
        (Form.ORGANISATION_NUMBER, "123456789"),
    ],
)
def test_what_has_no_such_form_is_never_compared(form: Form, value: str) -> None:
    assert in_form(form, value, "NO") is None


def test_a_search_is_asked_for_every_spelling_that_can_be_listed() -> None:
    assert spellings(Form.EXACT, "A-17") == ("A-17",)
    assert "no 912 345 678 mva" in spellings(Form.ORGANISATION_NUMBER, "912345678")
    assert {Form.DIGITS, Form.PHONE, Form.DOMAIN, Form.COMPANY_NAME}.isdisjoint(SEARCHABLE)
