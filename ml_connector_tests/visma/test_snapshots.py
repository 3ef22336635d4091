"""Reading stored snapshots: one version per key, the newest, whatever stamps look like."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.visma.snapshots import (
    account_kind,
    named_account,
    named_accounts,
    newest,
    settled_documents,
)
from ml_connector_tests.records.snapshots import Rows, at, contact, customer, stored


def versions(*rows: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(one.key, one.stamp, one.partition, one.values["name"]) for one in newest(Rows(*rows))]


class TestNewest:
    """Which version of a row counts."""

    @pytest.mark.parametrize(
        ("first", "second", "winner"),
        [
            ("2026-11-20T10:00:00", "2026-11-20T10:00:01", "second"),
            ("2026-11-20T10:00:01", "2026-11-20T10:00:00", "first"),
            ("2026-11-20T10:00:00", "2026-11-20T10:00:00", "second"),  # the one read last
            ("2026-11-20T10:00:00.153", "2026-11-20T10:00:00", "first"),
            ("2026-11-20T10:00:00", "2026-11-20T10:00:00.1", "second"),
            ("2026-11-20T10:00:00.9", "2026-11-20T10:00:00.15", "first"),
            ("2026-11-20T10:00:00.1", "2026-11-20T10:00:00Z", "first"),  # as text Z is after the point
            ("2026-11-20T10:00:00.153", None, "first"),
            (None, "2026-11-20T10:00:00", "second"),
            (None, None, "second"),
            ("yesterday", "2026-11-20T10:00:00", "second"),
            ("0001-01-01T00:00:00", None, "second"),
        ],
    )
    def test_the_newest_stamp_wins(self, first: str | None, second: str | None, winner: str) -> None:
        (found,) = versions(at(customer("1", name="first"), first), at(customer("1", name="second"), second))
        assert found[3] == winner

    def test_over_windows_and_among_neighbours(self) -> None:
        rows = (
            at(customer("1", name="old"), "2026-11-18T10:00:00", "2026-11-18"),
            at(customer("2", name="only"), "2026-11-18T10:00:00", "2026-11-18"),
            at(customer("1", name="new"), "2026-11-20T10:00:00", "2026-11-20"),
        )
        assert versions(*rows) == [
            ("2", "2026-11-18T10:00:00", "2026-11-18", "only"),
            ("1", "2026-11-20T10:00:00", "2026-11-20", "new"),
        ]

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=12))
    def test_each_key_once_with_its_highest_stamp(self, changes: list[tuple[int, int]]) -> None:
        rows = [
            at(customer(str(key), name=str(place)), f"2026-11-20T10:00:0{second}")
            for place, (key, second) in enumerate(changes)
        ]
        found = {key: int(name) for key, _, _, name in versions(*rows)}
        assert set(found) == {str(key) for key, _ in changes}
        for key, place in found.items():
            assert (changes[place][1], place) == max(
                (second, other) for other, (one, second) in enumerate(changes) if str(one) == key
            )

    def test_amounts_are_exact(self) -> None:
        (found,) = newest(Rows(stored("1", '{"creditLimit": 100000000000000000.10}')))
        assert found.values["creditLimit"] == Decimal("100000000000000000.10")

    @pytest.mark.parametrize(
        ("written", "plain"),
        [
            ("2026-03-20T06:35:22.1534567", "2026-03-20T06:35:22.153456"),
            ("2026-03-20T06:35:22.150", "2026-03-20T06:35:22.15"),
            ("2026-03-20T06:35:20", "2026-03-20T06:35:20"),  # no zero of the seconds is cut
            ("2026-03-20T06:35:22.153Z", "2026-03-20T06:35:22.153"),
            ("2026-03-20T06:35:22+02:00", "2026-03-20T06:35:22"),
            ("0001-01-01T00:00:00", ""),
            (None, ""),
        ],
    )
    def test_stamps_are_plain(self, written: str | None, plain: str) -> None:
        assert versions(at(customer("1", name="x"), written))[0][1] == plain


class TestAccounts:
    """The customers and suppliers that contacts belong to."""

    @pytest.mark.parametrize(
        ("word", "kind"),
        [
            ("Customer", "customer"),
            ("CUSTOMER", "customer"),
            ("Supplier", "supplier"),
            ("Vendor", "supplier"),
            ("Customer & Vendor", "customer"),
            ("Employee", None),
            ("Branch", None),
            (None, "customer"),
            ("", "customer"),
        ],
    )
    def test_kind(self, word: object, kind: str | None) -> None:
        assert account_kind(word) == kind

    @pytest.mark.parametrize(
        ("account", "found"),
        [
            ("10023", ("customer", "10023")),
            (" 10023 ", ("customer", "10023")),  # padded: asked for as it is, Visma would answer with another
            (10023, ("customer", "10023")),
            ("100\x0023", ("customer", "10023")),
            ("", None),
            ("  ", None),
            (None, None),
            ({"number": "1"}, None),
        ],
    )
    def test_number(self, account: object, found: tuple[str, str] | None) -> None:
        assert named_account({"businessAccount": account, "businessAccountType": "Customer"}) == found

    def test_of_an_employee_there_is_none(self) -> None:
        assert named_account({"businessAccount": "EP0001", "businessAccountType": "Employee"}) is None

    def test_of_a_snapshot_by_kind_and_newest_version(self) -> None:
        rows = Rows(
            naming(at(contact(1), "2026-11-18T10:00:00", "2026-11-18"), "customer:10"),
            naming(at(contact(1), "2026-11-20T10:00:00", "2026-11-20"), "customer:20"),
            naming(contact(2), "supplier:50"),
            naming(contact(3)),
            naming(contact(4), "customer:30", "customer:A:1"),
        )
        assert list(named_accounts(rows, "customer")) == [
            ("20", "2026-11-20"),
            ("30", "2026-11-20"),
            ("A:1", "2026-11-20"),
        ]
        assert list(named_accounts(rows, "supplier")) == [("50", "2026-11-20")]


def naming(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a stored row with the names beside it."""
    return row | {"names": list(names) or None}


def line(kind: str, number: str | None, **values: Any) -> dict[str, Any]:
    return {"documentType": kind, "refNbr": number, **values}


class TestSettledDocuments:
    """The documents that a payment changes."""

    @pytest.mark.parametrize(
        ("payment", "documents"),
        [
            ({"type": "Payment", "refNbr": "4"}, []),
            ({"type": "Payment", "refNbr": "4", "paymentLines": None}, []),
            (
                {
                    "type": "Payment",
                    "paymentLines": [line("Invoice", "7"), line("CreditNote", "7"), line("DebitNote", "7")],
                },
                ["Invoice:7", "CreditNote:7", "DebitNote:7"],
            ),
            # A void payment names its documents several times, with opposite amounts.
            (
                {"type": "VoidPayment", "paymentLines": [line("Invoice", "7"), line("Invoice", "7")]},
                ["Invoice:7"],
            ),
            # A credit note comes among the payments: its own balance changes too.
            (
                {"type": "CreditNote", "refNbr": "9", "paymentLines": [line("Invoice", "7")]},
                ["Invoice:7", "CreditNote:9"],
            ),
            ({"type": "CreditNote", "refNbr": "9"}, ["CreditNote:9"]),
            # What it pays back is a payment, no document; a line may lack its number.
            ({"type": "Refund", "paymentLines": [line("Payment", "3"), line("Invoice", None)]}, []),
            ({"type": "Payment", "paymentLines": [line("FinCharge", "3")]}, []),
        ],
    )
    def test_each_once(self, payment: dict[str, Any], documents: list[str]) -> None:
        assert [document.key for document in settled_documents(payment)] == documents

    @pytest.mark.parametrize(
        ("written", "day"),
        [("2026-03-17T00:00:00", date(2026, 3, 17)), (None, None), ("soon", None), (20260317, None)],
    )
    def test_their_dates(self, written: object, day: date | None) -> None:
        (found,) = settled_documents(
            {"type": "Payment", "paymentLines": [line("Invoice", "7", date=written)]}
        )
        assert found.dated == day
