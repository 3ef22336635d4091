"""Lists asked for one customer's or supplier's rows and from a date on, and rows that show the filter was ignored."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.visma.new_lines import NewLine
from ml_connector.visma import ENTITIES, WarningKind
from ml_connector.visma.narrowing import Narrowing, fits, narrowed
from ml_connector_tests.visma.fake import client as fake_client
from ml_connector_tests.visma.fake import visma
from ml_connector_tests.visma.sandboxed import client, sandbox, server

__all__ = ["sandbox", "server"]

LINE = [NewLine(text="Vare", quantity=Decimal(1), price=Decimal(100))]
DAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("name", "narrowing", "params"),
    [
        ("customers", Narrowing(), {}),
        ("customer_invoices", Narrowing("10023"), {"customer": "10023"}),
        ("customer_payments", Narrowing("10023"), {"customer": "10023"}),
        ("purchase_orders", Narrowing("50001"), {"supplier": "50001"}),
        (
            "supplier_invoices",
            Narrowing("50001", DAY),
            {"supplier": "50001", "docDate": "2026-11-02", "docDateCondition": ">="},
        ),
        (
            "customer_credit_notes",
            Narrowing(None, DAY),
            {"documentDate": "2026-11-02", "documentDateCondition": ">="},
        ),
    ],
)
def test_what_is_asked(name: str, narrowing: Narrowing, params: dict[str, str]) -> None:
    assert narrowed(ENTITIES[name], narrowing) == params


@pytest.mark.parametrize("narrowing", [Narrowing("10023"), Narrowing(None, DAY)])
def test_a_list_that_has_no_such_filter(narrowing: Narrowing) -> None:
    with pytest.raises(UsageError, match="customers cannot be asked for by"):
        narrowed(ENTITIES["customers"], narrowing)


@pytest.mark.parametrize(
    ("row", "fit"),
    [
        ({"customer": {"number": "10023"}, "documentDate": "2026-11-02T00:00:00"}, True),
        ({"customer": {"number": "10024"}, "documentDate": "2026-11-02T00:00:00"}, False),
        ({"customer": {"number": "10023"}, "documentDate": "2026-11-01T23:59:59"}, False),
        ({"customer": {"number": " ab1 "}, "documentDate": None}, False),
        ({"customer": None, "documentDate": None}, True),
        ({"customer": {"number": "10023 "}}, True),
        ({}, True),
    ],
)
def test_what_fits(row: dict[str, object], fit: bool) -> None:
    assert fits(ENTITIES["customer_invoices"], row, Narrowing("10023", DAY)) is fit


def test_numbers_are_compared_as_visma_does() -> None:
    assert fits(ENTITIES["customer_invoices"], {"customer": {"number": "AB1 "}}, Narrowing("ab1"))


FIRST, SECOND = datetime(2026, 10, 1, 9), datetime(2026, 11, 2, 9)


def _invoices(sandbox: Sandbox) -> list[str]:
    company = sandbox.visma.keys("customers")[:2]
    return [
        sandbox.visma.books.add_invoice(number, LINE, stamp=stamp)
        for number in company
        for stamp in (FIRST, SECOND)
    ]


def _orders(sandbox: Sandbox) -> list[str]:
    company = sandbox.visma.keys("suppliers")[:2]
    return [
        sandbox.visma.purchasing.order(number, LINE, stamp=stamp)
        for number in company
        for stamp in (FIRST, SECOND)
    ]


def _bills(sandbox: Sandbox) -> list[str]:
    company = sandbox.visma.keys("suppliers")[:2]
    return [
        sandbox.visma.purchasing.add_invoice(number, LINE, stamp=stamp)
        for number in company
        for stamp in (FIRST, SECOND)
    ]


@pytest.mark.parametrize(
    ("entity", "partners", "enter"),
    [
        ("customer_invoices", "customers", _invoices),
        ("purchase_orders", "suppliers", _orders),
        ("supplier_invoices", "suppliers", _bills),
    ],
)
def test_the_filters_work(
    sandbox: Sandbox, entity: str, partners: str, enter: Callable[[Sandbox], list[str]]
) -> None:
    for key in sandbox.visma.keys(entity):
        sandbox.visma.delete(entity, key)
    made = enter(sandbox)
    reader = client(sandbox)
    number = sandbox.visma.keys(partners)[0]
    asked = {
        Narrowing(): made,
        Narrowing(number): made[:2],
        Narrowing(None, DAY): [made[1], made[3]],
        Narrowing(number, DAY): [made[1]],
        Narrowing("unknown"): [],
    }
    for narrowing, keys in asked.items():
        assert reader.count(entity, narrowing) == len(keys)
        for read in (reader.browse(entity, narrowing), reader.changed(entity, None, narrowing)):
            assert [row.key for page in read for row in page] == keys


def test_a_filter_that_is_ignored_ends_the_reading_at_the_first_page() -> None:
    invoices = [
        {
            "documentType": "Invoice",
            "referenceNumber": str(number),
            "customer": {"number": str(number)},
            "lastModifiedDateTime": "2026-11-20T06:00:00",
        }
        for number in range(30)
    ]
    with visma(invoices, "/v1/customerinvoice") as fake:
        fake.cap = 10
        reader = fake_client()
        for read in (reader.browse, lambda name, asked: reader.changed(name, None, asked)):
            with pytest.raises(
                PermanentApiError, match="ignored the filter of customer_invoices by customer"
            ):
                list(read("customer_invoices", Narrowing("7")))
        assert len(fake.queries) == 2
    assert [(warning.kind, warning.rows) for warning in reader.warnings] == [(WarningKind.FILTER_IGNORED, 9)]


def test_browsing_reads_once_what_would_be_read_again_to_be_sure() -> None:
    rows = [
        {"number": str(number), "lastModifiedDateTime": "2026-11-20T06:00:00", "name": "A"}
        for number in range(30)
    ]
    with visma(rows) as fake:
        fake.cap, fake.total = 10, 31
        assert sum(len(page) for page in fake_client().browse("customers")) == 30
        browsed = len(fake.queries)
        list(fake_client().changed("customers"))
    assert (browsed, len(fake.queries)) == (4, 12)
