"""What people type for a record, and what it is taken for."""

import pytest

from ml_connector.audit.keys import OBJECTS, kind_of, meant, slips
from ml_connector.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("customer:10023", "customer:10023"),
        ("  Customer:10023 ", "customer:10023"),
        ("contact:customer-10023-mainContact", "contact:customer-10023-mainContact"),
        ("invoice:100234", "invoice:100234"),
        ("invoice:Invoice:100234", "invoice:100234"),
        ("Invoice:100234", "invoice:100234"),
        ("CreditNote:200012", "creditnote:200012"),
        ("invoice:CreditNote:200012", "creditnote:200012"),
        ("acme:Invoice:100234", "invoice:100234"),
        ("payment:Payment:400017", "payment:Payment:400017"),
        ("payment:prepayment:400017", "payment:Prepayment:400017"),
        ("Prepayment:400017", "payment:Prepayment:400017"),
        ("acme:Refund:400017", "payment:Refund:400017"),
        ("transaction:AR:000123", "transaction:AR:000123"),
        ("ar:000123", "transaction:AR:000123"),
        ("ModuleGL:000123", "transaction:GL:000123"),
        ("line:Invoice:100234:3", "line:Invoice:100234:3"),
        ("line:creditnote:200012:3", "line:CreditNote:200012:3"),
        ("contact:4711>customer:10023", "contact:4711>customer:10023"),
    ],
)
def test_a_key_in_any_form_is_one_record(typed: str, key: str) -> None:
    found = meant(typed, "acme")
    assert found.keys[0] == key
    assert found.certain


@pytest.mark.parametrize(
    ("typed", "some"),
    [
        ("10023", {"customer:10023", "supplier:10023", "invoice:10023", "payment:Refund:10023"}),
        ("acme:10023", {"customer:10023", "supplier:10023", "contact:10023"}),
        ("payment:400017", {"payment:Payment:400017", "payment:VoidPayment:400017"}),
        ("transaction:000123", {"transaction:AR:000123", "transaction:GL:000123"}),
        ("line:100234:3", {"line:Invoice:100234:3", "line:CreditNote:100234:3", "line:DebitNote:100234:3"}),
    ],
)
def test_a_short_form_may_be_several(typed: str, some: set[str]) -> None:
    found = meant(typed, "acme")
    assert some <= {*found.keys}
    assert not found.certain
    assert len(set(found.keys)) == len(found.keys)


def test_a_number_alone_is_looked_for_among_all_kinds() -> None:
    assert {kind_of(key) for key in meant("7", "acme").keys} == OBJECTS.keys() - {"line"}


@pytest.mark.parametrize("typed", ["", " ", ":", "customer:", "kunde:10023", "acme:"])
def test_what_is_no_key_is_refused_with_the_shapes(typed: str) -> None:
    with pytest.raises(UsageError, match=r"not the key of a record.*customer:10023"):
        meant(typed, "acme")


def test_slips_are_one_letter_off() -> None:
    found = set(slips("customer:10023"))
    assert {"customer:1023", "customer:100234", "customer:10032", "customer:10024"} <= found
    assert "customer:10044" not in found
    assert len(found) < 150
    assert set(slips("no number")) == set() == set(slips("customer:" + "1" * 50))
