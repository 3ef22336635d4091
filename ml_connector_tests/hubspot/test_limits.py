"""The limiter learns from answers, shares what it knows, and says when the day's budget is gone."""

import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from ml_connector.errors import PermanentApiError, TransientApiError
from ml_connector.hubspot.limits import (
    LONGEST_NAP,
    LONGEST_WAIT,
    Bucket,
    PortalLimits,
    associations_maximum,
    limits_for,
    reset_sentence,
)
from ml_connector_tests.hubspot.portal import Time, answer, limits


def rate(maximum: int, left: int, milliseconds: int = 10_000) -> dict[str, str]:
    return {
        "X-HubSpot-RateLimit-Max": str(maximum),
        "X-HubSpot-RateLimit-Remaining": str(left),
        "X-HubSpot-RateLimit-Interval-Milliseconds": str(milliseconds),
    }


def send(
    portal: PortalLimits, bucket: Bucket = Bucket.GENERAL, headers: dict[str, str] | None = None
) -> None:
    portal.acquire(bucket)
    portal.release(bucket, answer(200, {}, headers))


def test_the_maximum_is_the_smallest_accounts_until_a_header_says_more() -> None:
    time = Time()
    portal = limits(time)
    for _ in range(98):
        send(portal)
    assert portal.waited_seconds == 0
    send(portal)
    assert portal.waited_seconds == pytest.approx(10.05)
    send(portal, headers=rate(190, 189))
    for _ in range(180):
        send(portal)
    assert portal.waited_seconds == pytest.approx(10.05)


def test_another_processs_calls_slow_this_one_down() -> None:
    portal = limits()
    send(portal, headers=rate(190, 90))
    assert portal.windows[Bucket.GENERAL].capacity(1000.0) < 90


@pytest.mark.parametrize(("stated", "maximum"), [(100, 100), (150, 150), (190, 150), (200, 200), (250, 200)])
def test_the_associations_maximum_follows_the_tier(stated: int, maximum: int) -> None:
    assert associations_maximum(stated) == maximum


def test_associations_learn_from_general_answers_until_they_state_their_own() -> None:
    portal = limits()
    send(portal, headers=rate(190, 189))
    assert portal.windows[Bucket.ASSOCIATIONS].maximum == 150
    send(portal, Bucket.ASSOCIATIONS, rate(120, 119))
    send(portal, headers=rate(190, 187))
    assert portal.windows[Bucket.ASSOCIATIONS].maximum == 120
    assert portal.windows[Bucket.GENERAL].maximum == 190


def test_an_association_call_takes_a_general_slot_too() -> None:
    portal = limits()
    portal.acquire(Bucket.ASSOCIATIONS)
    assert portal.windows[Bucket.GENERAL].in_flight == portal.windows[Bucket.ASSOCIATIONS].in_flight == 1


def test_searches_are_spaced_and_never_five_in_a_second() -> None:
    time = Time()
    portal = limits(time)
    moments = []
    for _ in range(12):
        portal.acquire(Bucket.SEARCH)
        moments.append(time.now)
        portal.release(Bucket.SEARCH, answer(200, {}))
    assert min(later - moment for moment, later in pairwise(moments)) >= 0.249
    assert all(b - a > 1.0 for a, b in zip(moments, moments[4:], strict=False))


def test_headers_on_a_search_teach_nothing() -> None:
    portal = limits()
    send(portal, Bucket.SEARCH, rate(190, 100))
    assert portal.windows[Bucket.SEARCH].maximum == 4
    assert portal.windows[Bucket.GENERAL].maximum == 100


@pytest.mark.parametrize(
    ("body", "headers", "pause"),
    [
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        ({"message": "You have reached your ten_secondly_rolling limit."}, {}, 10.0),
        ({"message": "You have reached your secondly limit."}, {}, 1.0),
        ({"policyName": "SECONDLY"}, {}, 1.0),
        ({}, {"Retry-After": "3"}, 3.0),
    ],
)
def test_a_429_makes_every_thread_pause(body: object, headers: dict[str, str], pause: float) -> None:
    time = Time()
    portal = limits(time)
    portal.acquire(Bucket.GENERAL)
    portal.release(Bucket.GENERAL, answer(429, body, headers))
    before = time.now
    portal.acquire(Bucket.GENERAL)
    assert time.now - before == pytest.approx(pause)
    assert portal.windows[Bucket.GENERAL].capacity(time.now) < 98


def daily(left: int) -> dict[str, str]:
    return {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": str(left)}


def test_a_pause_of_hours_ends_the_run_instead_of_holding_it() -> None:
    time = Time()
    portal = limits(time)
    portal.acquire(Bucket.GENERAL)
    portal.release(Bucket.GENERAL, answer(429, {}, {"Retry-After": str(int(LONGEST_WAIT) + 60)}))
    with pytest.raises(TransientApiError, match="pause that lasts 16 minutes more"):
        portal.acquire(Bucket.GENERAL)
    time.now += 61
    portal.acquire(Bucket.GENERAL)


def test_the_daily_reserve_is_kept_and_the_error_says_when_it_resets() -> None:
    portal = limits(daily_reserve=0.1)
    portal.time_zone = "Europe/Oslo"
    send(portal, headers=daily(101))
    send(portal, headers=daily(100))
    with pytest.raises(PermanentApiError, match=r"100 of 1000 .*10% .*midnight in Europe/Oslo"):
        portal.acquire(Bucket.GENERAL)
    assert portal.windows[Bucket.GENERAL].in_flight == 0


def test_a_daily_429_stops_all_calls_and_one_may_ask_again_later() -> None:
    time = Time()
    portal = limits(time)
    portal.acquire(Bucket.GENERAL)
    portal.release(Bucket.GENERAL, answer(429, {"message": "You have reached your daily limit."}))
    with pytest.raises(PermanentApiError, match="daily budget"):
        portal.acquire(Bucket.SEARCH)
    time.now += 601
    portal.acquire(Bucket.GENERAL)
    with pytest.raises(PermanentApiError):
        portal.acquire(Bucket.GENERAL)
    portal.release(Bucket.GENERAL, answer(200, {}, daily(990)))
    portal.acquire(Bucket.GENERAL)


def test_the_reset_is_given_in_utc_where_the_zone_is_known() -> None:
    now = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    assert "2026-11-22 23:00 UTC" in reset_sentence("Europe/Oslo", now)
    assert "time zone of the portal" in reset_sentence(None, now)
    assert "time zone of the portal" in reset_sentence("Nowhere/Land", now)


def test_clients_of_one_token_and_host_share_a_limiter_that_does_not_hold_the_token() -> None:
    one = limits_for("pat-eu1-shared", "https://a.test", daily_reserve=0.2)
    assert limits_for("pat-eu1-shared", "https://a.test") is one
    assert one.daily_reserve == 0.2
    assert limits_for("pat-eu1-other", "https://a.test") is not one
    assert limits_for("pat-eu1-shared", "https://b.test") is not one
    assert "pat-eu1-shared" not in repr(vars(one))


def test_a_waiting_thread_goes_on_when_an_answer_frees_a_slot() -> None:
    def nap(condition: threading.Condition, seconds: float) -> None:
        condition.wait(60 if seconds == LONGEST_NAP else seconds)

    portal = PortalLimits(nap=nap)
    window = portal.windows[Bucket.GENERAL]
    window.teach(1, 0.05)
    portal.acquire(Bucket.GENERAL)
    started = threading.Event()

    def second() -> None:
        portal.acquire(Bucket.GENERAL)
        started.set()

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    assert not started.is_set()
    portal.release(Bucket.GENERAL, None)
    assert started.wait(5)
    thread.join(5)
