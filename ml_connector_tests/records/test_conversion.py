"""Converting values to what HubSpot's properties take: exactly, or not at all."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records.conversion import CannotConvertError, Zones, convert
from ml_connector.sandbox.hubspot.definitions import Option, PropertyDefinition
from ml_connector.sandbox.hubspot.values import kept_value
from ml_connector.settings.mapping import FieldMapping, ValueType
from ml_connector_tests.records.documents import BOUNDED

OSLO = Zones(ZoneInfo("Europe/Oslo"), ZoneInfo("Europe/Oslo"))
STAMPED_IN_UTC = Zones(ZoneInfo("Europe/Oslo"), ZoneInfo("UTC"))

TABLE = {"IT": "COMPUTER_SOFTWARE", "FISK": "FISHERY"}
HUBSPOT = {ValueType.TEXT: "string", ValueType.BOOLEAN: "bool"}
"""HubSpot's types where they are not called as ours."""


def mapping(kind: str, **changes: Any) -> FieldMapping:
    more = {"values": TABLE} if kind == "enumeration" else {}
    values = {"visma": "attributes.X", "hubspot": "x", "type": kind, **more, **changes}
    return FieldMapping.model_validate(values)


def kept(kind: ValueType, value: str) -> str:
    """Return what HubSpot keeps of a value; it refuses what does not follow its rules."""
    options = tuple(Option(one, one) for one in TABLE.values())
    definition = PropertyDefinition(
        "x", "X", HUBSPOT.get(kind, str(kind)), "checkbox", "group", options=options
    )
    return kept_value(definition, value, None)


class TestPlainTypes:
    """A value is what it says, or the record is refused."""

    @pytest.mark.parametrize(
        ("kind", "value", "converted"),
        [
            ("text", "0042", "0042"),
            ("text", "a;b", "a;b"),
            ("number", "25000.5000", "25000.5"),
            ("number", "-7", "-7"),
            ("number", "007", "7"),
            ("number", "-0.00", "0"),
            ("number", "12345678901234567890.12", "12345678901234567890.12"),
            ("date", "2026-03-17T00:00:00", "2026-03-17"),
            ("date", "2026-03-17", "2026-03-17"),
            ("date", "2026-03-17T23:30:00", "2026-03-17"),
            ("date", "2026-03-17T23:30:00Z", "2026-03-18"),
            ("date", "2026-03-17T01:30:00+09:00", "2026-03-16"),
            ("datetime", "2026-03-17T06:35:22.153", "2026-03-17T05:35:22.153Z"),
            ("datetime", "2026-07-17T06:35:22.1539", "2026-07-17T04:35:22.153Z"),
            ("datetime", "2026-03-17T06:35:22+01:00", "2026-03-17T05:35:22.000Z"),
            ("datetime", "2026-03-17T00:00:00", "2026-03-17T11:00:00.000Z"),
            ("boolean", "true", "true"),
            ("boolean", "False", "false"),
            ("boolean", "1", "true"),
            ("boolean", "0", "false"),
        ],
    )
    def test_converts(self, kind: str, value: str, converted: str) -> None:
        assert convert(value, mapping(kind), OSLO) == converted

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("text", "x" * 65_537),
            *(
                ("number", value)
                for value in ("12,5", "1 000", "1e3", "NaN", "Infinity", "0x1F", "12.", "true", "½")
            ),
            *(
                ("date", value)
                for value in ("17.03.2026", "20260317", "2026-02-30", "2026-W12-2", "9999-12-31", "soon")
            ),
            *(
                ("datetime", value)
                for value in ("0001-01-01T00:00:00", "12:30", "2026-03-17T25:00:00", "1773700000")
            ),
            *(("boolean", value) for value in ("yes", "ja", "2", "X")),
        ],
    )
    def test_refuses_and_does_not_say_what_it_was(self, kind: str, value: str) -> None:
        with pytest.raises(CannotConvertError) as caught:
            convert(value, mapping(kind), OSLO)
        assert value not in str(caught.value) or value == "X"

    def test_a_day_is_the_companys_and_midnight_is_no_moment(self) -> None:
        moment, day = "2026-03-17T23:30:00", "2026-03-17T00:00:00"
        assert convert(moment, mapping("date"), STAMPED_IN_UTC) == "2026-03-18"
        assert convert(day, mapping("date"), STAMPED_IN_UTC) == "2026-03-17"


class TestEnumerations:
    """A table says the option of each value, and ``otherwise`` what becomes of all others."""

    @pytest.mark.parametrize(
        ("otherwise", "converted"), [("reject", None), ("blank", ""), ("FISHERY", "FISHERY")]
    )
    def test_of_a_value_that_the_table_lacks(self, otherwise: str, converted: str | None) -> None:
        chosen = mapping("enumeration", otherwise=otherwise)
        assert convert("IT", chosen, OSLO) == "COMPUTER_SOFTWARE"
        for value in ("it", "IT ", "BYGG"):
            if converted is None and value.strip() != "IT":
                with pytest.raises(CannotConvertError, match="none of those"):
                    convert(value, chosen, OSLO)
            elif value.strip() != "IT":
                assert convert(value, chosen, OSLO) == converted

    def test_of_several_choices(self) -> None:
        several = mapping("enumeration", separator=",", otherwise="blank")
        assert convert("IT, FISK,IT", several, OSLO) == "COMPUTER_SOFTWARE;FISHERY"
        assert convert("BYGG,FISK", several, OSLO) == "FISHERY"
        assert convert("BYGG", several, OSLO) == ""
        with pytest.raises(CannotConvertError):
            convert("BYGG,FISK", mapping("enumeration", separator=","), OSLO)

    def test_its_options_are_known_before_any_value(self) -> None:
        assert mapping("enumeration").options == ("COMPUTER_SOFTWARE", "FISHERY")
        assert mapping("enumeration", otherwise="OTHER").options == ("COMPUTER_SOFTWARE", "FISHERY", "OTHER")
        assert mapping("enumeration", otherwise="blank").options == ("COMPUTER_SOFTWARE", "FISHERY")


@BOUNDED
@given(
    st.sampled_from(list(ValueType)), st.text(max_size=30).filter(str.strip) | st.sampled_from([*TABLE, "1"])
)
def test_what_is_converted_hubspot_takes(kind: ValueType, value: str) -> None:
    try:
        converted = convert(value.strip(), mapping(str(kind)), OSLO)
    except CannotConvertError:
        return
    assert kept(kind, converted) is not None


@BOUNDED
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_a_number_keeps_its_value(number: Decimal) -> None:
    converted = convert(f"{number:f}", mapping("number"), OSLO)
    assert Decimal(converted) == number
    assert kept(ValueType.NUMBER, converted) == converted


@BOUNDED
@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2090, 1, 1)),
    st.sampled_from(["Europe/Oslo", "UTC", "Europe/Helsinki"]),
)
def test_a_moment_keeps_its_place_in_time(naive: datetime, zone: str) -> None:
    zones = Zones(ZoneInfo("Europe/Oslo"), ZoneInfo(zone))
    converted = convert(naive.isoformat(), mapping("datetime"), zones)
    read = datetime.fromisoformat(kept(ValueType.DATETIME, converted))
    meant = naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if naive.time() != datetime.min.time():
        assert timedelta(0) <= meant - read < timedelta(milliseconds=1)
    assert date.fromisoformat(convert(naive.isoformat(), mapping("date"), zones)) in (
        meant.astimezone(ZoneInfo("Europe/Oslo")).date(),
        naive.date(),
    )
