"""A year of bookkeeping: consistent to the cent, the same for the same seed, with every trap money has."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from ml_connector.sandbox.books.checking import account_balances, problems
from ml_connector.sandbox.books.documents import Document, Totals
from ml_connector.sandbox.books.journal import ACTUAL, BUDGET, STATISTICS
from ml_connector.sandbox.books.money import ZERO, rate_of
from ml_connector.sandbox.books.payments import Payment
from ml_connector.sandbox.books.settings import NONE, BooksSettings
from ml_connector.sandbox.books.state import Books
from ml_connector_tests.sandbox.book_keeping import AS_OF, year

BIGGER = BooksSettings(
    invoices=1_500,
    credit_notes=120,
    debit_notes=20,
    payments=1_200,
    supplier_invoices=300,
    purchase_orders=150,
)


@pytest.fixture(scope="module")
def books() -> Books:
    return year()


@pytest.fixture(scope="module")
def bigger() -> Books:
    return year(BIGGER, seed=7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_adds_up_whatever_the_seed(seed: int) -> None:
    assert problems(year(seed=seed)) == []


def test_a_bigger_year_adds_up(bigger: Books) -> None:
    assert problems(bigger) == []
    assert len(bigger.invoices) == 1_500
    assert sum(isinstance(one, Payment) for one in bigger.payments) == pytest.approx(1_200, abs=60)


def test_the_same_seed_gives_the_same_books() -> None:
    first, second = year(seed=5), year(seed=5)
    assert first.invoices.items == second.invoices.items
    assert first.journal.batches == second.journal.batches
    assert [one.number for one in first.payments] == [one.number for one in second.payments]
    assert first.orders.items == second.orders.items


def test_everything_happens_in_the_year_before(books: Books) -> None:
    for one in (
        *books.invoices,
        *books.payments,
        *books.supplier_invoices,
        *books.orders,
        *books.journal.batches,
    ):
        assert 0 < (AS_OF - one.changed).days + 1 <= 366
        assert one.entered <= one.changed
    newest = books.invoices.items[-1]
    assert newest.day == AS_OF.date().replace(day=19)


def test_every_status_is_there_and_most_are_paid(books: Books) -> None:
    found = Counter(one.status for one in books.invoices)
    assert set(found) == {
        "Open", "Closed", "Voided", "Hold", "Balanced", "PendingPrint", "PendingEmail", "CreditHold", "Reserved",
        "Scheduled",
    }  # fmt: skip
    assert found["Closed"] > found["Open"] > 20
    voided = [one for one in books.invoices if one.status == "Voided"]
    assert {one.released for one in voided} == {True, False}


def test_every_type_of_payment_is_there(bigger: Books) -> None:
    found = Counter(one.type for one in bigger.payments)
    assert set(found) == {"Payment", "Prepayment", "Refund", "VoidPayment", "CreditNote", "SmallBalanceWo"}
    payments = [one for one in bigger.payments if isinstance(one, Payment)]
    assert any(len(one.lines) > 1 and one.type == "Payment" for one in payments)
    assert any(one.available > 0 for one in payments)
    assert any(len(invoice.applications) > 1 for invoice in bigger.invoices)
    assert any(one.lines and one.currency != "NOK" for one in payments)


def test_invoices_have_all_shapes_of_lines(bigger: Books) -> None:
    counts = Counter(len(one.lines) for one in bigger.invoices)
    assert {0, 1, 100} <= set(counts)
    lines = [line for one in bigger.invoices for line in one.lines]
    assert len(lines) / len(bigger.invoices) == pytest.approx(4, abs=0.4)
    assert any(line.net < 0 for line in lines)
    assert any(line.item is None and not line.quantity for line in lines)
    assert any(line.item is not None and not line.net for line in lines)
    assert any(line.percent == 100 for line in lines)
    assert any(line.percent not in (0, 100) for line in lines)
    assert any(line.price != line.price.quantize(Decimal("0.01")) for line in lines)
    assert any(line.quantity != line.quantity.quantize(Decimal("0.01")) for line in lines)
    assert any(len(line.text or "") > 1_500 for line in lines)
    assert {"æ", "ø", "å", "Å"} <= set("".join(line.text or "" for line in lines))
    assert all(one.totals.amount >= 0 for one in bigger.invoices)


def test_invoices_have_all_kinds_of_vat_currency_rounding_and_discount(bigger: Books) -> None:
    sales = bigger.invoices.items
    currencies = Counter(one.currency for one in sales)
    assert {"NOK", "SEK", "EUR", "DKK", "USD"} <= set(currencies)
    assert currencies["NOK"] > len(sales) / 2
    assert {tax.percent for one in sales for tax in one.taxes} == {Decimal(rate) for rate in (25, 15, 12, 0)}
    assert any(one.totals.exempt for one in sales)
    assert any(one.totals.discount for one in sales)
    rounded = [one for one in sales if one.totals.rounding]
    assert rounded
    assert all(one.totals.amount == one.totals.amount.to_integral_value() for one in rounded)
    assert all(one.currency == "NOK" for one in rounded)


def test_documents_are_due_by_the_customers_terms(books: Books) -> None:
    assert {(one.due - one.day).days for one in books.invoices} >= {14, 30, 45}
    assert all((one.due - one.day).days == one.partner.credit_days for one in books.invoices)


def test_the_journal_has_all_modules_ledgers_and_kinds(bigger: Books) -> None:
    batches = bigger.journal.batches
    assert {batch.module for batch in batches} == {"AR", "AP", "GL", "CA"}
    assert {batch.ledger for batch in batches} == {ACTUAL, BUDGET, STATISTICS}
    assert {batch.status for batch in batches} == {"Posted", "Unposted", "Balanced", "Hold"}
    assert any(batch.auto_reversing for batch in batches)
    reversals = [batch for batch in batches if batch.reversing]
    assert reversals
    for batch in reversals:
        original = bigger.journal.find(f"GL:{batch.original}")
        assert original is not None
        assert [-entry.base for entry in original.entries] == [entry.base for entry in batch.entries]
    assert any(
        len({entry.reference for entry in batch.entries}) > 1 for batch in batches if batch.module == "AR"
    )
    income = [b for b in batches if b.module == "GL" and any(e.account.startswith("3") for e in b.entries)]
    assert income


def test_each_module_numbers_its_own_batches(books: Books) -> None:
    firsts = [batch.module for batch in books.journal.batches if batch.number == "000001"]
    assert sorted(firsts) == ["AP", "AR", "CA", "GL"]


def test_journal_batches_come_to_about_what_is_wished() -> None:
    wished = BooksSettings(invoices=2_000, payments=1_500, journal_batches=2_000)
    found = len(year(wished, customers=400).journal.batches)
    assert found == pytest.approx(2_000, rel=0.2)


def test_orders_and_supplier_invoices_are_in_all_states(bigger: Books) -> None:
    assert {one.status for one in bigger.orders} == {"Open", "Closed", "Hold", "Cancelled", "PendingPrint"}
    partly = [one for one in bigger.orders if one.status == "Open" and one.receipts]
    assert partly
    completed = [line for one in bigger.orders for line in one.lines if line.completed]
    assert any(line.received < line.quantity for line in completed)
    assert {one.status for one in bigger.supplier_invoices} >= {
        "Open",
        "Closed",
        "Hold",
        "Balanced",
        "Voided",
    }
    assert {one.type for one in bigger.supplier_invoices} == {"Invoice", "CreditAdj", "DebitAdj"}


def test_no_settings_make_empty_books_and_no_customers_no_sales() -> None:
    assert len(year(NONE).journal.batches) == 0
    assert len(year(customers=0).invoices) == 0


def test_the_bank_holds_what_was_paid(books: Books) -> None:
    balances = account_balances(books.journal.batches)
    assert sum(balances.values(), ZERO) == 0
    assert balances["3000"] < 0 < balances["1920"]


def test_a_rate_stays_near_its_usual_value_and_differs_by_day() -> None:
    rates = {rate_of("EUR", AS_OF.date().replace(day=day), 1) for day in range(1, 21)}
    assert len(rates) > 10
    assert all(Decimal(11) < rate < Decimal("12.2") for rate in rates)
    assert rate_of("NOK", AS_OF.date(), 1) == 1


def _first(books: Books, fits: Callable[[Document], bool]) -> Document:
    return next(one for one in books.invoices if one.released and fits(one))


def _shift_line(books: Books) -> None:
    _first(books, lambda one: bool(one.lines)).lines[0].net += Decimal("0.01")


def _shift_base_line(books: Books) -> None:
    _first(books, lambda one: one.currency != "NOK" and bool(one.lines)).lines[0].net_base += Decimal("0.01")


def _shift_vat(books: Books) -> None:
    invoice = _first(books, lambda one: one.totals.vat > 0)
    totals = invoice.totals
    invoice.totals = Totals(**{name: getattr(totals, name) for name in Totals.__slots__})
    invoice.totals.vat += Decimal("0.01")
    invoice.totals.amount += Decimal("0.01")


def _shift_balance(books: Books) -> None:
    _first(books, lambda one: one.status == "Open").balance += Decimal("0.01")


def _shift_base_balance(books: Books) -> None:
    _first(books, lambda one: one.status == "Open").balance_base += Decimal("0.01")


def _lose_entry(books: Books) -> None:
    books.journal.batches[10].entries.pop()


def _lose_batch(books: Books) -> None:
    place = next(place for place, one in enumerate(books.journal.batches) if one.module == "AR")
    del books.journal.batches[place]


def _lose_application(books: Books) -> None:
    _first(books, lambda one: bool(one.applications)).applications.pop()


def _shift_payment(books: Books) -> None:
    payment = next(one for one in books.payments if isinstance(one, Payment) and one.type == "Payment")
    payment.amount += Decimal("0.01")


@pytest.mark.parametrize(
    "damage",
    [
        _shift_line,
        _shift_base_line,
        _shift_vat,
        _shift_balance,
        _shift_base_balance,
        _lose_entry,
        _lose_batch,
        _lose_application,
        _shift_payment,
    ],
)
def test_the_check_finds_what_does_not_add_up(damage: Callable[[Books], None]) -> None:
    books = year()
    damage(books)
    assert problems(books)
