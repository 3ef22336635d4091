"""How the Visma lists page, filter and write their rows (reference: visma 3 and 4)."""

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.sandbox.server import Sandbox
from ml_connector.sandbox.settings import SandboxSettings
from ml_connector.sandbox.visma import fields
from ml_connector.sandbox.visma.sandbox import ServedPage
from ml_connector.sandbox.visma.settings import VismaSandboxSettings
from ml_connector.sandbox.visma.stamps import History
from ml_connector_tests.sandbox.visma_calls import VismaCaller

AS_OF = datetime(2026, 11, 20)
LATER = datetime(2026, 11, 20, 9, 30, 15, 340_000)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    visma = VismaSandboxSettings(page_caps={"customers": 50}, default_page=20, as_of=AS_OF)
    with Sandbox(SandboxSettings(customers=130, suppliers=24, visma=visma)) as running:
        yield running


@pytest.fixture
def visma(sandbox: Sandbox) -> Iterator[VismaCaller]:
    sandbox.reset()
    yield VismaCaller(sandbox)
    sandbox.visma.on_page.clear()


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["number"] for row in rows]


def test_pages_follow_each_other_without_gap_or_overlap(visma: VismaCaller) -> None:
    seen = [visma.rows("/v1/customer", pageNumber=page, pageSize=50) for page in (1, 2, 3)]
    assert [len(page) for page in seen] == [50, 50, 30]
    assert numbers([row for page in seen for row in page]) == visma.sandbox.visma.keys("customers")


def test_a_page_beyond_the_end_is_an_empty_array(visma: VismaCaller) -> None:
    assert visma.rows("/v1/customer", pageNumber=4, pageSize=50) == []


def test_a_page_size_above_the_cap_is_lowered_in_silence(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/customer", pageNumber=1, pageSize=1000)
    assert len(rows) == 50
    assert all(row["metadata"] == {"totalCount": 130, "maxPageSize": 50} for row in rows)


def test_without_paging_parameters_a_default_page_applies(visma: VismaCaller) -> None:
    assert len(visma.rows("/v1/customer")) == 20
    assert len(visma.rows("/v1/customer", numberToRead=7, skipRecords=3)) == 7


def test_number_to_read_does_not_combine_with_paging(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/customer", pageNumber=1, pageSize=10, numberToRead=3, skipRecords=5)
    assert numbers(rows) == visma.sandbox.visma.keys("customers")[:10]


def test_misspelt_parameters_are_ignored_with_200(visma: VismaCaller) -> None:
    right = visma.rows("/v1/customer", pageNumber=1, pageSize=5)
    wrong = visma.rows(
        "/v1/customer", pageNumber=1, pageSize=5, skip=5, modifiedSince="2026-11-19", pagenumber=9
    )
    assert numbers(wrong) == numbers(right)


@pytest.mark.parametrize("value", ["zwölf", "1.5"])
def test_a_page_size_that_is_no_number_is_refused(visma: VismaCaller, value: str) -> None:
    assert visma.call("/v1/customer", pageSize=value).status_code == 400


def test_paths_match_in_any_case(visma: VismaCaller) -> None:
    assert visma.rows("/V1/CUSTOMER") == visma.rows("/v1/customer")
    assert visma.rows("/v1/CustomerInvoice") == []


def test_a_date_without_its_condition_returns_the_complete_list(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/customer", pageSize=1, lastModifiedDateTime="2026-11-19")
    assert rows[0]["metadata"]["totalCount"] == 130


def test_an_unknown_condition_is_no_condition(visma: VismaCaller) -> None:
    for condition in ("=>", "gt", "==", " >="):
        rows = visma.rows(
            "/v1/customer", lastModifiedDateTime="2026-11-19", lastModifiedDateTimeCondition=condition
        )
        assert rows[0]["metadata"]["totalCount"] == 130, condition


@pytest.mark.parametrize(
    ("condition", "expected"),
    [(">", ["b"]), (">=", ["a", "b"]), ("<", 130), ("<=", 131)],
)
def test_each_condition_compares_to_the_millisecond(
    visma: VismaCaller, condition: str, expected: list[str] | int
) -> None:
    visma.sandbox.visma.add("customers", {"number": "a", "name": "A"}, stamp=LATER)
    visma.sandbox.visma.add(
        "customers", {"number": "b", "name": "B"}, stamp=LATER + timedelta(milliseconds=1)
    )
    rows = visma.rows(
        "/v1/customer",
        lastModifiedDateTime="2026-11-20T09:30:15.34",
        lastModifiedDateTimeCondition=condition,
    )
    if isinstance(expected, int):
        assert rows[0]["metadata"]["totalCount"] == expected
    else:
        assert numbers(rows) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20",
        "2026-11-20 09:00:00",
        "2026-11-20T09:00:00",
        "2026-11-20 09:00:00.000",
        "2026-11-20T09:00:00.5",
    ],
)
def test_every_documented_date_form_is_understood(visma: VismaCaller, value: str) -> None:
    visma.sandbox.visma.update("customers", "10003", {"name": "Ny AS"}, stamp=LATER)
    rows = visma.rows("/v1/customer", lastModifiedDateTime=value, lastModifiedDateTimeCondition=">=")
    assert numbers(rows) == ["10003"]


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T09:00:00Z",
        "2026-11-20T09:00:00+01:00",
        "2026-11-20T09:00:00.1234",
        "20.11.2026",
        "2026-13-01",
    ],
)
def test_a_date_in_another_form_is_refused(visma: VismaCaller, value: str) -> None:
    response = visma.call("/v1/customer", lastModifiedDateTime=value, lastModifiedDateTimeCondition=">=")
    assert response.status_code == 400
    assert response.json()["message"].startswith("VismaId: ")


def test_created_has_its_own_filter(visma: VismaCaller) -> None:
    visma.sandbox.visma.add("customers", {"number": "a", "name": "A"}, stamp=LATER)
    visma.sandbox.visma.update("customers", "10003", {"name": "Ny AS"}, stamp=LATER)
    rows = visma.rows("/v1/customer", createdDateTime="2026-11-20", createdDateTimeCondition=">=")
    assert numbers(rows) == ["a"]


def test_filters_compare_with_their_field(visma: VismaCaller) -> None:
    customer = visma.sandbox.visma.row("customers", "10003")
    assert numbers(visma.rows("/v1/customer", name=customer["name"])) == ["10003"]
    mine = visma.rows("/v1/contact", businessAccount="10003")
    assert mine
    assert {row["businessAccount"] for row in mine} == {"10003"}
    inactive = visma.rows("/v1/contact", active="false")
    assert inactive
    assert not any(row["active"] for row in inactive)


def test_contacts_come_whole_and_without_metadata(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/contact", pageNumber=1, pageSize=5)
    assert [str(row["contactId"]) for row in rows] == visma.sandbox.visma.keys("contacts")
    assert not any("metadata" in row for row in rows)


def test_contacts_can_be_read_in_the_old_way(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/contact", numberToRead=4, skipRecords=2)
    assert [str(row["contactId"]) for row in rows] == visma.sandbox.visma.keys("contacts")[2:6]


@pytest.mark.parametrize(
    ("path", "known"),
    [("/v1/customer", fields.CUSTOMER), ("/v1/supplier", fields.SUPPLIER), ("/v1/contact", fields.CONTACT)],
)
def test_rows_have_the_fields_of_the_specification(
    visma: VismaCaller, path: str, known: tuple[str, ...]
) -> None:
    rows = visma.rows(path, pageSize=1000)
    seen = {name for row in rows for name in row}
    assert seen - {"metadata"} == set(known)
    assert any(name not in row for row in rows for name in known)
    assert any(row.get(name, "") is None for row in rows for name in known)


def test_expanded_fields_are_null_until_asked_for(visma: VismaCaller) -> None:
    plain = visma.rows("/v1/customer", pageSize=1)[0]
    expanded = visma.rows("/v1/customer", pageSize=1, expandAccountInformation="true")[0]
    assert plain["glAccounts"] is None
    assert expanded["glAccounts"]["salesAccount"]["number"] == "3000"


def test_stamps_are_naive_and_their_trailing_zeros_cut(visma: VismaCaller) -> None:
    stamps = [
        row["lastModifiedDateTime"]
        for page in (1, 2, 3)
        for row in visma.rows("/v1/customer", pageNumber=page, pageSize=50)
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?", stamp) for stamp in stamps)
    assert len({len(stamp) for stamp in stamps}) > 2


def test_history_ends_before_the_present_day_and_was_busy_on_the_last() -> None:
    history = History(7, AS_OF)
    created = [history.created(1, index, 2000) for index in range(2000)]
    modified = [history.modified(1, index, created[index]) for index in range(2000)]
    assert all(first <= last < AS_OF for first, last in zip(created, modified, strict=True))
    assert created[0] < AS_OF - timedelta(days=2000) < created[-1]
    assert [stamp.date() for stamp in created] == sorted(stamp.date() for stamp in created)
    untouched = sum(first == last for first, last in zip(created, modified, strict=True))
    assert 0.3 < untouched / 2000 < 0.4
    assert sum(stamp >= AS_OF - timedelta(days=1) for stamp in modified) > 100


def test_decimals_keep_their_zeros_on_the_wire(visma: VismaCaller) -> None:
    changes = {"creditLimit": Decimal("1234.7700"), "name": 'Å "1.50" AS'}
    visma.sandbox.visma.update("customers", "10001", changes)
    text = visma.call("/v1/customer", pageSize=1).text
    assert '"creditLimit":1234.7700,' in text
    assert visma.rows("/v1/customer", pageSize=1)[0]["name"] == 'Å "1.50" AS'


def test_the_row_version_changes_with_the_row(visma: VismaCaller) -> None:
    before = visma.rows("/v1/customer", pageSize=1)[0]["timeStamp"]
    assert len(base64.b64decode(before)) == 8
    assert visma.rows("/v1/customer", pageSize=1)[0]["timeStamp"] == before
    visma.sandbox.visma.update("customers", "10001", {"name": "Ny AS"})
    assert visma.rows("/v1/customer", pageSize=1)[0]["timeStamp"] > before


def test_two_full_reads_are_equal_byte_by_byte(visma: VismaCaller) -> None:
    assert visma.call("/v1/customer", pageSize=50).content == visma.call("/v1/customer", pageSize=50).content


def test_a_row_deleted_between_pages_shifts_the_next_one(visma: VismaCaller) -> None:
    keys = visma.sandbox.visma.keys("customers")

    def delete_first(page: ServedPage) -> None:
        if page.params.get("pageNumber") == "1":
            visma.sandbox.visma.delete("customers", page.keys[0])

    visma.sandbox.visma.on_page.append(delete_first)
    visma.rows("/v1/customer", pageNumber=1, pageSize=10)
    assert numbers(visma.rows("/v1/customer", pageNumber=2, pageSize=10)) == keys[11:21]


def test_ordered_by_change_a_changed_row_moves_to_the_end() -> None:
    settings = SandboxSettings(customers=6, visma=VismaSandboxSettings(order="modified", as_of=AS_OF))
    with Sandbox(settings) as running:
        visma = VismaCaller(running)
        before = numbers(visma.rows("/v1/customer"))
        running.visma.update("customers", before[0], {"name": "Ny AS"}, stamp=LATER)
        assert numbers(visma.rows("/v1/customer")) == [*before[1:], before[0]]


def test_many_rows_can_share_one_stamp(visma: VismaCaller) -> None:
    count = visma.sandbox.visma.restamp("customers", LATER)
    rows = visma.rows("/v1/customer", lastModifiedDateTime="2026-11-20", lastModifiedDateTimeCondition=">=")
    assert count == rows[0]["metadata"]["totalCount"] == 130
    assert {row["lastModifiedDateTime"] for row in rows} == {"2026-11-20T09:30:15.34"}


def test_a_change_can_leave_the_stamp_alone(visma: VismaCaller) -> None:
    rows = visma.rows("/v1/customer", pageSize=50)
    before = next(row for row in rows if row["lastModifiedDateTime"] > row["createdDateTime"])
    visma.sandbox.visma.update("customers", before["number"], {"mainAddress": {"city": "MOSS"}}, touch=False)
    after = visma.call(f"/v1/customer/{before['number']}").json()
    assert after["lastModifiedDateTime"] == before["lastModifiedDateTime"]
    assert after["mainAddress"] == before["mainAddress"] | {"city": "MOSS"}
