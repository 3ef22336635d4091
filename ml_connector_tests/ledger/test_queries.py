"""What planning and people read from the ledger."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from ml_connector.ledger.queries import KnownLink, LedgerReader, RunReport, run_report, stamp_text
from ml_connector_tests.ledger.rows import identity, journal, link, rows


@pytest.fixture
def reader(empty_ledger: sa.Engine) -> LedgerReader:
    return LedgerReader(empty_ledger, "acme")


class TestIdentities:
    """Who is who."""

    def test_by_key(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        journal(empty_ledger).settle(
            [], identities=[identity(f"customer:{number}") for number in range(12_000)]
        )
        found = reader.identities("companies", (f"customer:{number}" for number in range(0, 24_000, 2)))
        assert len(found) == 6000
        assert found["customer:10"].hubspot_id == "901"
        assert (found["customer:10"].stamp, found["customer:10"].fingerprint) == (
            "2026-11-20T06:35:22.153",
            "f1",
        )

    @pytest.mark.parametrize(
        "key", ["customer:a'b", "customer:{x}", 'customer:"', "customer:\\", "customer:Å 🫐,x"]
    )
    def test_odd_keys(self, empty_ledger: sa.Engine, reader: LedgerReader, key: str) -> None:
        journal(empty_ledger).settle([], identities=[identity(key)])
        assert set(reader.identities("companies", [key, "customer:"])) == {key}

    def test_of_this_connection_and_type_only(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        journal(empty_ledger, "run-2", "other").settle([], identities=[identity()])
        journal(empty_ledger).settle([], identities=[identity(object_type="contacts")])
        assert reader.identities("companies", ["customer:1"]) == {}
        assert reader.identities("companies", []) == {}

    def test_by_address(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        mine = [
            identity("contact:1", object_type="contacts", email="a@b.no"),
            identity("contact:2", object_type="contacts"),
        ]
        journal(empty_ledger).settle([], identities=mine)
        found = reader.identities_by_email("contacts", ["a@b.no", "c@d.no", "a@b.no"])
        assert {address: one.key for address, one in found.items()} == {"a@b.no": "contact:1"}

    def test_numbers_written_lately(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        number = {"visma_organisation_number": "912 345 678"}
        mine = [
            identity("customer:1", values=number),
            identity("customer:2"),
            identity("customer:3", values=number),
        ]
        journal(empty_ledger).settle([], identities=mine)
        with empty_ledger.begin() as database:
            old = "UPDATE ml_connector.identity SET updated_at = now() - interval '1 hour'"
            database.execute(sa.text(f"{old} WHERE record_key = 'customer:3'"))
        assert reader.numbers_written("companies", timedelta(minutes=15)) == [("901", "912 345 678")]
        assert len(reader.numbers_written("companies", timedelta(hours=2))) == 2
        assert reader.numbers_written("contacts", timedelta(hours=2)) == []


class TestLinks:
    """Which links stand and which are owed."""

    def test_of_some_records(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        owed = link("customer:2", status="pending", from_id=None)
        journal(empty_ledger).settle([], links=[link(), owed, link(from_key="contact:2")])
        assert reader.links_of("contacts", ["contact:1"]) == {
            ("contact:1", "customer:1"): KnownLink("contact:1", "customer:1", "confirmed", "5", "901"),
            ("contact:1", "customer:2"): KnownLink("contact:1", "customer:2", "pending", None, "901"),
        }

    def test_owed(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        mine = [link("customer:2", status="pending"), link("customer:3", status="rejected"), link()]
        journal(empty_ledger).settle([], links=mine)
        assert [one.to_key for one in reader.pending_links("contacts")] == ["customer:2", "customer:3"]
        assert reader.pending_links("companies") == []

    def test_to_be_taken_away(self, empty_ledger: sa.Engine, reader: LedgerReader) -> None:
        mine = journal(empty_ledger)
        mine.settle([], links=[link(), link("customer:2")])
        why = "it is not wanted any more"
        mine.settle([], unwanted=[("contacts", "contact:1", "companies", "customer:1", why)])
        assert reader.pending_links("contacts") == []
        assert reader.unwanted_links("contacts") == [
            KnownLink("contact:1", "customer:1", "unwanted", "5", "901")
        ]
        assert reader.linked_to("contacts", "companies", ["customer:1"]) == {}
        assert rows(empty_ledger, "link", "types, reason", "to_key") == [("1,279", why), ("1,279", None)]


class TestLines:
    """Line items by the document they were made for."""

    def test_of_some_documents_besides_those_known(
        self, empty_ledger: sa.Engine, reader: LedgerReader
    ) -> None:
        keys = ["Invoice:1:1", "Invoice:1:2", "Invoice:1:rounding", "Invoice:11:1", "CreditNote:1:1"]
        lines = [identity(f"line:{key}", object_type="line_items", hubspot_id=key) for key in keys]
        journal(empty_ledger).settle([], identities=[*lines, identity("line:Invoice:1:9")])
        journal(empty_ledger, "r", "other").settle([], identities=lines)
        found = reader.lines_of(["Invoice:1", "Invoice:2"], {"line:Invoice:1:2"})
        assert {one.key: one.hubspot_id for one in found} == {
            "line:Invoice:1:1": "Invoice:1:1",
            "line:Invoice:1:rounding": "Invoice:1:rounding",
        }


class TestReports:
    """What a run did."""

    def test_what_it_loaded_or_else_planned(self, empty_ledger: sa.Engine) -> None:
        mine = journal(empty_ledger)
        mine.add_to_summary({"planned": {"contacts": {"read": 2}, "companies": {"read": 9}}})
        planned = run_report(empty_ledger, "acme", "run-1", planned=True)
        assert list(planned.entities) == ["companies", "contacts"]
        mine.add_to_summary({"entities": {"companies": {"read": 3}}, "requests": {"visma": {"calls": 1}}})
        loaded = run_report(empty_ledger, "acme", "run-1")
        assert loaded == RunReport({"companies": {"read": 3}}, {"visma": {"calls": 1}})

    def test_of_a_run_that_never_began(self, empty_ledger: sa.Engine) -> None:
        assert run_report(empty_ledger, "acme", "nobody") == RunReport({}, {})
        journal(empty_ledger)
        assert run_report(empty_ledger, "acme", "run-1") == RunReport({}, {})


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, ""),
        (datetime(2026, 11, 20, 6, 35, 20), "2026-11-20T06:35:20"),
        (datetime(2026, 11, 20, 6, 35, 22, 150_000), "2026-11-20T06:35:22.15"),
        (datetime(2026, 11, 20, 6, 35, 22, 1), "2026-11-20T06:35:22.000001"),
    ],
)
def test_stamps_as_visma_writes_them(moment: datetime | None, text: str) -> None:
    assert stamp_text(moment) == text
