"""Lines add up to their document to the cent, in both currencies, and keep the rules of HubSpot's own arithmetic."""

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.records.amounts import CENT
from ml_connector.records.invoice_model import Figures, InvoiceRecord, LineRecord
from ml_connector.records.lines import hubspot_figures
from ml_connector_tests.records.documents import (
    BOUNDED,
    RATES,
    Sold,
    amount,
    cents,
    document_row,
    line_row,
    mapped,
    sold,
)

ZERO = Decimal(0)
KINDS = ("Invoice", "CreditNote", "DebitNote")


def value(line: LineRecord, name: str) -> Decimal:
    """Return a figure of a line."""
    return Decimal(line.properties[name] or "0")


def total(figures: Figures, name: str) -> Decimal:
    """Return the sum of a figure over all lines."""
    return sum((value(line, name) for line in figures.lines), ZERO)


def hubspot_net(line: LineRecord) -> Decimal:
    """Return what HubSpot works out as the amount of a line item (reference: hubspot 7)."""
    percent = value(line, "hs_discount_percentage")
    return cents(value(line, "quantity") * value(line, "price") * (100 - percent) / 100)


def assert_whole(record: InvoiceRecord, kind: str = "Invoice") -> None:
    """Check everything that holds for any document, in its currency and in base."""
    assert record.refusal is None
    sign = -1 if kind == "CreditNote" else 1
    for figures in (record.figures, record.in_base):
        if figures is None:
            continue
        net, vat = total(figures, "visma_net_amount"), total(figures, "visma_vat_amount")
        assert net + vat == figures.amount == Decimal(str(figures.properties["visma_amount"]))
        assert vat == Decimal(str(figures.properties["visma_vat_amount"]))
        assert net == figures.net
        for line in figures.lines:
            own = sign * value(line, "visma_net_amount")
            assert value(line, "price") >= 0
            assert value(line, "quantity") >= 0
            assert hubspot_net(line) == (cents(own) if own >= 0 else 0)
            assert line.properties["hs_line_item_currency_code"] == figures.currency


def many(count: int) -> list[Sold]:
    """Return any number of unlike lines, always the same ones."""
    chance = random.Random(count)
    return [
        Sold(
            quantity=Decimal(chance.randrange(-20_000, 900_000)).scaleb(-4),
            price=Decimal(chance.randrange(0, 9_000_000)).scaleb(-4),
            percent=Decimal(chance.choice([0, 0, 5, 12, 33, 100])),
            code=chance.choice(sorted(RATES)),
        )
        for _ in range(count)
    ]


@BOUNDED
@given(
    st.lists(sold(), max_size=12),
    st.sampled_from(KINDS),
    amount("0", "5000", 2),
    amount("-0.5", "0.5", 2),
    st.sampled_from(["1", "11.6240", "0.0871"]),
)
def test_lines_add_up_whatever_they_are(
    lines: list[Sold], kind: str, discount: Decimal, rounding: Decimal, rate: str
) -> None:
    record = mapped(lines, kind=kind, rate=Decimal(rate), discount=discount, rounding=rounding)
    assert_whole(record, kind)
    assert (record.in_base is None) == (rate == "1")


@pytest.mark.parametrize("count", [0, 1, 100, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_lines_adds_up(count: int, kind: str) -> None:
    record = mapped(many(count), kind=kind, rate=Decimal("11.6240"), rounding=Decimal("0.37"))
    assert_whole(record, kind)
    assert len(record.lines) == count + 1
    assert [line.number for line in record.lines] == [*map(str, range(1, count + 1)), "rounding"]


@BOUNDED
@given(st.lists(sold(), min_size=1, max_size=8).filter(lambda lines: all(line.net >= 0 for line in lines)))
def test_vat_of_a_line_is_its_rate_of_its_net_but_for_cents(lines: list[Sold]) -> None:
    record = mapped(lines)
    by_code = len({line.code for line in lines})
    for line, made in zip(lines, record.lines, strict=False):
        exact = line.net * RATES[line.code] / 100
        assert abs(value(made, "visma_vat_amount") - exact) <= CENT * (1 + by_code)


@BOUNDED
@given(amount("-99", "999", 4), amount("-99", "9999", 4), amount("-10", "120", 2), amount("-999", "9999", 2))
def test_hubspot_never_gets_a_negative_price_and_always_the_net(
    quantity: Decimal, price: Decimal, discount: Decimal, net: Decimal
) -> None:
    pieces, each, percent = hubspot_figures(quantity, price, discount, net)
    assert pieces >= 0
    assert each >= 0
    assert 0 <= percent <= 100
    assert cents(pieces * each * (100 - percent) / 100) == max(net, ZERO)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("3 33.333 0 100.00", "3 33.333 0"),  # Visma's own, to the cent
        ("10 99.90 15 849.15", "10 99.90 15"),
        ("10 99.90 0 849.15", "1 849.15 0"),  # a discount as an amount
        ("2 50 0 -100", "1 0 0"),
        ("-2 -50 0 100", "1 100 0"),
        ("0 50 0 0", "0 50 0"),
        ("1 100 100 0", "1 100 100"),
        ("1 100 101 -1", "1 0 0"),
        ("1 100 -10 110", "1 110 0"),  # a surcharge is no discount
        ("3 1.372 0 4.115", "1 4.115 0"),  # a currency with three decimals: 4.116 is another amount
        ("1 1.2345 0 1.23", "1 1.2345 0"),
    ],
)
def test_figures_of_visma_stand_where_they_fit(given_: str, expected: str) -> None:
    found = hubspot_figures(*(Decimal(one) for one in given_.split()))
    assert found == tuple(Decimal(one) for one in expected.split())


def test_a_line_carries_what_hubspot_shows() -> None:
    (line,) = mapped([Sold(Decimal("2.5"), Decimal("400"), Decimal("10"))]).lines
    assert line.key == "line:Invoice:100234:1"
    assert line.number == "1"
    assert line.properties == {
        "visma_line_id": "acme:Invoice:100234:1",
        "name": "Vare 1",
        "description": None,
        "hs_sku": "V-1",
        "quantity": "2.5",
        "price": "400",
        "hs_discount_percentage": "10",
        "hs_line_item_currency_code": "NOK",
        "visma_net_amount": "900.00",
        "visma_vat_rate": "25",
        "visma_vat_amount": "225.00",
    }


def test_a_document_discount_is_a_line_of_its_own() -> None:
    record = mapped([Sold(), Sold(Decimal(3))], discount=Decimal(40))
    discount = record.lines[-1]
    assert discount.key == "line:Invoice:100234:rounding"
    assert discount.properties["visma_line_id"] == "acme:Invoice:100234:rounding"
    assert (discount.properties["price"], discount.properties["quantity"]) == ("0", "1")
    assert discount.properties["visma_net_amount"] == "-40.00"
    assert discount.properties["visma_vat_rate"] is None
    assert [line.properties["visma_vat_amount"] for line in record.lines] == ["22.50", "67.50", "0.00"]


def test_a_document_that_adds_up_by_itself_has_no_line_for_rounding() -> None:
    assert [line.number for line in mapped([Sold(), Sold()]).lines] == ["1", "2"]


def test_vat_that_no_line_explains_stays_with_the_document() -> None:
    row = document_row([Sold(price=Decimal(100)), Sold(price=Decimal(-100))])
    record = mapped([Sold(price=Decimal(100)), Sold(price=Decimal(-100))], **_with_vat(row, "5.00"))
    assert_whole(record)
    assert record.lines[-1].properties["visma_vat_amount"] == "5.00"


def _with_vat(row: dict[str, Any], vat: str) -> dict[str, Any]:
    names = ("vatTotal", "vatTotalInCurrency", "amount", "amountInCurrency")
    return dict.fromkeys(names, Decimal(vat)) | {"taxDetails": row["taxDetails"]}


def test_prices_with_vat_are_told_without_it() -> None:
    lines = [Sold(price=Decimal(125)), Sold(Decimal(2), Decimal(115), code="31")]
    totals = {"amount": "355.10", "vatTotal": "55.00", "vatTaxableTotal": "300.00"}
    row = document_row(lines, rate=Decimal(10))
    row |= {f"{name}InCurrency": Decimal(value) for name, value in totals.items()}
    row |= {name: Decimal(value) * 10 for name, value in totals.items()}
    record = mapped(lines, rate=Decimal(10), **row)
    assert_whole(record)
    names = ("visma_net_amount", "visma_vat_amount", "price", "quantity")
    shown = [tuple(str(line.properties[name]) for name in names) for line in record.lines]
    assert shown == [
        ("100.00", "25.00", "100", "1"),
        ("200.00", "30.00", "200", "1"),
        ("0.10", "0.00", "0.1", "1"),
    ]
    assert record.in_base is not None
    assert [line.properties["visma_net_amount"] for line in record.in_base.lines] == [
        "1000.00",
        "2000.00",
        "1.00",
    ]


def test_a_discount_as_large_as_the_vat_is_no_vat_in_the_prices() -> None:
    """20 % off and 25 % VAT: the lines alone come to the amount."""
    record = mapped([Sold()], discount=Decimal(20))
    assert record.amount == 100
    assert [line.properties["visma_net_amount"] for line in record.lines] == ["100.00", "-20.00"]


@pytest.mark.parametrize("vat", ["0.00", "0.01"])
def test_lines_that_take_each_other_away_have_their_own_vat(vat: str) -> None:
    lines = [Sold(), Sold(Decimal(-1), Decimal("166.67"), code="31")]
    record = mapped(lines, vatTotalInCurrency=Decimal(vat), vatTotal=Decimal(vat))
    assert_whole(record)
    assert [line.properties["visma_vat_amount"] for line in record.lines[:2]] == ["25.00", "-25.00"]


def test_rows_without_tax_details_share_vat_by_net() -> None:
    record = mapped([Sold(), Sold(Decimal(3))], taxDetails=None)
    assert [line.properties["visma_vat_amount"] for line in record.lines] == ["25.00", "75.00"]
    assert record.lines[0].properties["visma_vat_rate"] is None


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"description": None}, "V-1"),
        ({"description": None, "inventoryNumber": None}, "Line 1"),
        ({"description": "x" * 300}, "x" * 250),
    ],
)
def test_a_line_always_has_a_name(changes: dict[str, object], name: str) -> None:
    (line,) = mapped([Sold()], invoiceLines=[line_row(1, Sold()) | changes]).lines
    assert line.properties["name"] == name
    assert line.properties["description"] == ("x" * 300 if len(name) == 250 else None)


def test_what_is_longer_than_a_property_holds_is_cut() -> None:
    """65,536 characters (reference: hubspot 8): nobody can shorten a released document in Visma."""
    fits, long = "x" * 65_536, "x" * 65_537
    for given_, expected in ((fits, fits), (long, "x" * 65_535 + "…")):
        record = mapped(invoiceLines=[line_row(1, Sold()) | {"description": given_}], invoiceText=given_)
        assert record.lines[0].properties["description"] == expected
        assert record.properties["hs_comments"] == expected


def test_a_line_of_text_alone_costs_nothing() -> None:
    text_only = {"lineNumber": 2, "description": "Takk for handelen", "vatCode": None}
    record = mapped([Sold()], invoiceLines=[line_row(1, Sold()), text_only])
    assert_whole(record)
    assert record.lines[1].properties["visma_net_amount"] == "0.00"
    assert record.lines[1].properties["price"] == "0"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([{"lineNumber": 1}, {"lineNumber": 1}], "two of its lines have the same number"),
        ([{"description": "Hemmelig"}], "one of its lines has no number"),
        ([{"lineNumber": 1, "amountInCurrency": "12,50"}], "type str stands where a number should"),
        ([{"lineNumber": 1, "description": ["Hemmelig"]}], "type list stands where text should"),
        (["Hemmelig"], "unknown shape"),
        ({"lineNumber": 1}, "unknown shape"),
    ],
)
def test_lines_that_cannot_be_read_refuse_their_document_alone(rows: Sequence[object], why: str) -> None:
    record = mapped([Sold()], invoiceLines=rows)
    assert why in str(record.refusal)
    assert "Hemmelig" not in str(record.refusal)
    assert record.lines == ()
