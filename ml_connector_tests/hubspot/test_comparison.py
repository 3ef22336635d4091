"""Values read back are compared as HubSpot may have rewritten them, and no further."""

import pytest

from ml_connector.hubspot.comparison import holds, same_value
from ml_connector.hubspot.models import HubSpotRecord, PropertyDefinition


def definition(kind: str, field_type: str = "text") -> PropertyDefinition:
    return PropertyDefinition("x", "X", kind, field_type, "g", (), (), False, False, False)


@pytest.mark.parametrize(
    ("name", "kind", "sent", "got", "same"),
    [
        ("x", "string", "", None, True),
        ("x", "string", " a\r\nb ", "a\nb", True),
        ("x", "string", "Bygg AS", "BYGG AS", False),
        ("x", "string", "0012", "12", False),
        ("x", "string", "a", None, False),
        ("x", "string", "", "a", False),
        ("x", "number", "12.50", "12.5", True),
        ("x", "number", "12.50", "12.51", False),
        ("x", "number", "abc", "abd", False),
        ("x", "date", "2026-03-01", "1772323200000", True),
        ("x", "date", "2026-03-01", "2026-03-02", False),
        ("x", "datetime", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00.000+01:00", True),
        ("x", "datetime", "1772323200000", "2026-03-01T00:00:00Z", True),
        ("x", "datetime", "2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123Z", True),
        ("x", "datetime", "2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z", False),
        ("x", "datetime", "soon", "later", False),
        ("x", "enumeration", "customer;supplier", "supplier;customer", True),
        ("x", "enumeration", ";customer", "customer;supplier", True),
        ("x", "enumeration", "customer", "customer;supplier", False),
        ("x", "enumeration", "A", "a", False),
        ("x", "phone_number", "900 12 345", "+4790012345", True),
        ("x", "phone_number", "004790012345", "+47 900 12 345", True),
        ("x", "phone_number", "90012345", "90012346", False),
        ("x", "phone_number", "345", "90012345", False),
        ("x", "bool", "true", "True", True),
        ("email", "string", "Kari@Bygg.no", "kari@bygg.no", True),
        ("domain", "string", "https://www.Bygg.no/om", "bygg.no", True),
        ("name", "string", "https://bygg.no", "bygg.no", False),
    ],
)
def test_same_value(name: str, kind: str, sent: str, got: str | None, same: bool) -> None:
    assert same_value(name, sent, got, definition(kind)) is same


def test_phone_fields_of_type_string_are_phones() -> None:
    assert same_value("phone", "900 12 345", "+47 90012345", definition("string", "phonenumber"))


def test_without_a_definition_texts_are_compared() -> None:
    assert same_value("x", "a", "a", None)
    assert not same_value("x", "1.0", "1", None)


def test_a_record_holds_what_was_sent_only_with_every_value() -> None:
    record = HubSpotRecord("1", {"city": "Oslo", "amount": "5"})
    kinds = {"amount": definition("number")}
    assert holds(record, {"city": "Oslo", "amount": "5.00"}, kinds)
    assert not holds(record, {"city": "Oslo", "country": "NO"}, kinds)
