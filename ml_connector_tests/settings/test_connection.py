"""The typed settings: sound defaults, and a mistake is said before anything runs."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from ml_connector.settings import ConnectionSettings
from ml_connector.settings.hosts import HUBSPOT_API_URL, VISMA_API_URL, VISMA_TOKEN_URL, api_hosts
from ml_connector.settings.matching import CompanyRule
from ml_connector.settings.merging import Policy


def settings(**changes: Any) -> ConnectionSettings:
    return ConnectionSettings.model_validate({"name": "acme", "start": "2026-11-20", **changes})


def test_defaults() -> None:
    mine = settings()
    assert mine.start == date(2026, 11, 20)
    assert (mine.windows, mine.timezone, mine.overlap_minutes) == ("0 0 * * *", "Europe/Oslo", 120)
    rules = [step.rule for step in mine.matching.companies]
    assert rules[0] is CompanyRule.ORGANISATION_NUMBER
    assert CompanyRule.NAME not in rules
    assert mine.merging.clear_on_null == frozenset()
    assert mine.merging.contacts["firstname"] is Policy.FILL_BLANK


@pytest.mark.parametrize(
    ("zones", "company", "stamps"),
    [
        ({}, "Europe/Oslo", "Europe/Oslo"),
        ({"timezone": "Europe/Helsinki"}, "Europe/Helsinki", "Europe/Helsinki"),
        ({"timezone": "Europe/Helsinki", "visma_timezone": "UTC"}, "Europe/Helsinki", "UTC"),
    ],
)
def test_stamps_are_in_the_companys_zone_unless_said_otherwise(
    zones: dict[str, str], company: str, stamps: str
) -> None:
    mine = settings(**zones)
    assert (mine.zone, mine.stamp_zone) == (ZoneInfo(company), ZoneInfo(stamps))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"name": "Acme"}, "name"),  # it becomes part of asset keys and of ids
        ({"name": "9lives"}, "name"),
        ({"name": "a" * 41}, "name"),
        ({"name": "acme:1"}, "name"),
        ({"start": "soon"}, "start"),
        ({"timezone": "Oslo"}, "time zone"),
        ({"visma_timezone": "CEST+1"}, "time zone"),
        ({"windows": "daily"}, "cron"),
        ({"windows": "0 0 * * * *"}, "cron"),
        ({"windows": "61 0 * * *"}, "cron"),
        ({"settle_minutes": -1}, "settle_minutes"),
        ({"overlap_minutes": 1441}, "overlap_minutes"),
        ({"not_before": "06:00+02:00"}, "without an offset"),
        ({"region": "Norway"}, "region"),
        ({"requests_in_flight": 0}, "requests_in_flight"),
        ({"record_links": {"customer": "https://visma.example/"}}, "customer"),
        ({"record_links": {"customer": "http://visma.example/{number}"}}, "customer"),
        ({"matching": {"companies": ["vibes"]}}, "companies"),
        ({"merging": {"companies": {"name": "maybe"}}}, "name"),
        ({"windoes": "0 0 * * *"}, "windoes"),  # a setting nobody knows is a mistake, not a wish
        ({"matching": {"create_mising": True}}, "create_mising"),
    ],
)
def test_mistakes_are_refused_by_name(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        settings(**wrong)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings().name = "other"  # type: ignore[misc]


def test_hosts_are_the_real_ones_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("VISMA_API_URL", "VISMA_TOKEN_URL", "HUBSPOT_API_URL"):
        monkeypatch.delenv(name, raising=False)
    hosts = api_hosts()
    assert (hosts.visma_api, hosts.visma_token, hosts.hubspot_api) == (
        VISMA_API_URL,
        VISMA_TOKEN_URL,
        HUBSPOT_API_URL,
    )
    monkeypatch.setenv("HUBSPOT_API_URL", "http://127.0.0.1:8080/")
    assert api_hosts().hubspot_api == "http://127.0.0.1:8080"


def test_the_same_settings_are_the_same_text_whatever_the_order_of_a_set() -> None:
    """Runs keep them, and a record that was refused under others is due at once."""
    names = ["phone", "city", "zip", "address", "country", "domain", "jobtitle"]
    (written,) = {
        json.dumps(settings(merging={"clear_on_null": some}).model_dump(mode="json"))
        for some in (names, names[::-1])
    }
    assert f'"clear_on_null": {json.dumps(sorted(names))}' in written
