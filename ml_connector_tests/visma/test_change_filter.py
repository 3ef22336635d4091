"""The change filter: how it is asked, and how rows prove whether it was obeyed."""

from datetime import datetime

from ml_connector.visma import VismaClient, WarningKind
from ml_connector_tests.visma.fake import client, customer, visma

SINCE = datetime(2026, 11, 1)


def keys(reader: VismaClient, since: datetime | None = None) -> list[str]:
    return [row.key for page in reader.changed("customers", since) for row in page]


def test_the_filter_is_sent_with_its_condition() -> None:
    with visma([customer(1), customer(2), customer(3)]) as fake:
        keys(client(), datetime(2026, 11, 1, 6, 5, 4, 70_999))
    query = fake.queries[0]
    assert query["lastModifiedDateTime"] == "2026-11-01 06:05:04.070"
    assert query["lastModifiedDateTimeCondition"] == ">="
    assert "lastModifiedDateTime=2026-11-01%2006%3A05%3A04.070" in fake.urls[0]
    assert "Condition=%3E%3D" in fake.urls[0]


def test_everything_is_asked_without_a_filter() -> None:
    with visma([customer(1), customer(2), customer(3)]) as fake:
        keys(client())
    assert set(fake.queries[0]) == {"pageNumber", "pageSize"}


def test_rows_show_that_a_filter_was_ignored() -> None:
    rows = [
        customer(1, "2026-10-31T23:59:58"),
        customer(2, "2026-11-01T00:00:00"),
        customer(3, "2020-01-01T00:00:00"),
    ]
    with visma(rows) as fake:
        fake.ignores_filter = True
        reader = client()
        assert keys(reader, SINCE) == ["2"]
    assert [(warning.entity, warning.kind, warning.rows) for warning in reader.warnings] == [
        ("customers", WarningKind.FILTER_IGNORED, 2)
    ]
    assert "2 older rows" in reader.warnings[0].message


def test_a_rounded_filter_is_no_ignored_one() -> None:
    rows = [customer(1, "2026-10-31T23:59:59.997"), customer(2, "2026-11-01T00:00:00")]
    with visma(rows) as fake:
        fake.ignores_filter = True
        reader = client()
        assert keys(reader, SINCE) == ["2"]
    assert reader.warnings == ()


def test_rows_without_a_stamp_pass_the_filter() -> None:
    with visma([customer(1), {"number": "2", "lastModifiedDateTime": None}]) as fake:
        fake.ignores_filter = True
        assert keys(client(), SINCE) == ["1", "2"]


def test_rows_without_a_key_are_left_out_and_said() -> None:
    with visma([customer(1), {"name": "Kari", "lastModifiedDateTime": "2026-11-20T00:00:00"}, customer(2)]):
        reader = client()
        assert keys(reader) == ["1", "2"]
    assert [(warning.kind, warning.rows) for warning in reader.warnings] == [(WarningKind.NO_KEY, 1)]
    assert "Kari" not in reader.warnings[0].message
