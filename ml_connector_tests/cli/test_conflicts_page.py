"""The pages of the duplicate desk, with nothing, with far too much, and with names nobody would believe."""

from datetime import UTC, date, datetime

from ml_connector.desk.evidence import Candidate, Evidence, Value
from ml_connector.desk.opened import Open
from ml_connector.desk.page import evidence_page, list_page
from ml_connector.desk.records import VismaRecord
from ml_connector.ledger.decisions import Decision, Verdict
from ml_connector.settings import ConnectionSettings

SETTINGS = ConnectionSettings(name="acme", start=date(2026, 11, 20))
LONG = "<b>" + "Ærlig" * 40
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def waiting(number: int, decision: Decision | None = None) -> Open:
    return Open(
        f"customer:{number}", "companies", "several-fit", "2 HubSpot companies fit", NOW, None, decision
    )


def test_nothing_waits() -> None:
    page = list_page(SETTINGS, [])
    assert "Nothing waits for a decision." in page
    assert "Nobody has decided anything yet." in page


def test_a_long_list_is_cut_with_a_sentence() -> None:
    page = list_page(SETTINGS, [waiting(number) for number in range(5000)])
    assert "5,000 records wait for a decision." in page
    assert page.count('scope="row"') == 500
    assert "And 4,500 more." in page


def test_a_decision_shows_its_note_and_no_markup_of_it() -> None:
    made = Decision("companies", "customer:1", Verdict.LINK, "77", LONG, NOW)
    page = list_page(SETTINGS, [waiting(1, made)])
    assert "link 77" in page
    assert LONG not in page
    assert "&lt;b&gt;" in page


def test_the_evidence_of_a_record_that_nothing_fits() -> None:
    record = VismaRecord("customer:1", "companies", None, (), None, (), None)
    page = evidence_page(SETTINGS, Evidence(record, (Value("Name", (LONG,)),), None, (), 0))
    assert "No rule finds a record for it." in page
    assert LONG not in page


def test_what_is_equal_is_marked_and_what_is_left_out_is_counted() -> None:
    record = VismaRecord("customer:1", "companies", None, (), "77", (), None)
    value = Value("Name", (LONG,), equal=True)
    one = Candidate("77", (value,), ("name",), ("customer:2",), ("customer:3",), True, True, "", None)
    page = evidence_page(SETTINGS, Evidence(record, (value,), None, (one,), 3))
    for text in ("✓ same", "linked now", "customer:2", "customer:3, too", "has one", "And 3 more"):
        assert text in page
