"""What each answer of HubSpot means for the call."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector.errors import ApiError, CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import RetryPolicy, Verdict
from ml_connector.hubspot.answers import delay, error_of, is_daily_limit, refusal_of, verdict
from ml_connector_tests.hubspot.portal import answer

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, {"results": []}, Verdict.FINAL),
        (207, {"errors": [{}]}, Verdict.FINAL),
        (204, "", Verdict.FINAL),
        (200, '{"results": [', Verdict.RETRY),
        (200, "<html>maintenance</html>", Verdict.RETRY),
        (400, {}, Verdict.FINAL),
        (401, {}, Verdict.FINAL),
        (403, {}, Verdict.FINAL),
        (404, {}, Verdict.FINAL),
        (409, {}, Verdict.FINAL),
        (437, {}, Verdict.FINAL),
        (423, {}, Verdict.RETRY),
        (477, {}, Verdict.RETRY),
        (500, "", Verdict.RETRY),
        (502, "<html>", Verdict.RETRY),
        (503, {}, Verdict.RETRY),
        (521, {}, Verdict.RETRY),
        (524, {}, Verdict.RETRY),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, Verdict.RETRY),
        (429, "", Verdict.RETRY),
        (429, {"policyName": "DAILY"}, Verdict.FINAL),
        (429, {"message": "You have reached your daily limit."}, Verdict.FINAL),
    ],
)
def test_verdicts(status: int, content: Any, expected: Verdict) -> None:
    assert verdict(answer(status, content)) is expected


@pytest.mark.parametrize(
    ("status", "content", "headers", "seconds"),
    [
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        (429, "", {}, 10.0),
        (429, {"message": "You have reached your secondly limit."}, {}, 1.0),
        (429, {"message": "You have reached your secondly limit."}, {"Retry-After": "7"}, 7.0),
        (423, {}, {}, 2.0),
        (477, {}, {"Retry-After": "600"}, 600.0),
        (502, "", {}, 0.5),
    ],
)
def test_delays(status: int, content: Any, headers: dict[str, str], seconds: float) -> None:
    assert delay(answer(status, content, headers), 1, RetryPolicy(), 0.0, NOW) == seconds


def test_a_lost_answer_waits_like_any_other() -> None:
    assert delay(None, 3, RetryPolicy(), 0.0, NOW) == 2.0


def test_only_a_429_is_a_daily_limit() -> None:
    assert not is_daily_limit(answer(400, {"message": "daily limit"}))


def test_401_is_about_the_credentials() -> None:
    error = error_of(answer(401, {"category": "INVALID_AUTHENTICATION"}), "/x")
    assert isinstance(error, CredentialsError)
    assert "token" in str(error)


def test_403_names_the_missing_scopes() -> None:
    body = {
        "category": "MISSING_SCOPES",
        "message": "This app hasn't been granted all required scopes.",
        "correlationId": "c-1",
        "errors": [
            {"message": "x", "context": {"requiredGranularScopes": ["crm.objects.companies.write"]}},
            {"message": "x", "context": {"requiredGranularScopes": ["crm.objects.contacts.write"]}},
        ],
    }
    error = error_of(answer(403, body), "/crm/objects/2026-09/companies/batch/upsert")
    assert isinstance(error, PermanentApiError)
    assert "crm.objects.companies.write, crm.objects.contacts.write" in error.message
    assert (error.status, error.category, error.correlation_id) == (403, "MISSING_SCOPES", "c-1")


def test_403_for_another_reason_says_so() -> None:
    error = error_of(answer(403, {"category": "BANNED", "message": "Account is locked"}), "/x")
    assert "Account is locked" in str(error)


@pytest.mark.parametrize("content", ["", "<html><body>kari@bygg.no</body></html>", "[]", '"text"', "{"])
def test_bodies_that_are_no_object_are_tolerated_and_not_repeated(content: str) -> None:
    error = error_of(answer(400, content), "/x")
    assert isinstance(error, PermanentApiError)
    assert error.message == "HubSpot refused /x (HTTP 400): HubSpot gave no reason."


def test_the_correlation_id_may_come_in_a_header() -> None:
    assert refusal_of(answer(400, "", {"X-HubSpot-Correlation-Id": "c-2"})).correlation_id == "c-2"


def test_details_speak_where_the_body_does_not() -> None:
    body = {"errors": [{"message": "Bad sort", "code": "BAD_SORT"}]}
    error = error_of(answer(400, body), "/x")
    assert isinstance(error, ApiError)
    assert error.category == "BAD_SORT"
    assert "Bad sort" in error.message


def test_a_property_named_beside_the_text_is_used() -> None:
    body = {
        "category": "VALIDATION_ERROR",
        "message": "Kari is not valid",
        "errors": [
            {"message": "Kari", "code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["visma_x"]}},
            {"message": "Kari", "code": "INVALID_EMAIL", "in": "email"},
        ],
    }
    assert refusal_of(answer(400, body)).plain() == (
        "visma_x is not a property of this portal; email is not an e-mail address HubSpot accepts."
    )


def test_an_unreadable_success_is_transient() -> None:
    assert isinstance(error_of(answer(200, "<html>"), "/x"), TransientApiError)


def test_errors_in_a_success_are_permanent_when_they_are_the_answer() -> None:
    error = error_of(answer(200, {"errors": [{"message": "No", "category": "C"}]}), "/x", partial=True)
    assert isinstance(error, PermanentApiError)
    assert "No" in error.message


def test_sensitive_values_are_masked_in_errors() -> None:
    error = error_of(answer(400, {"message": "bad filter Kari Nordmann"}), "/x", {"value 1": "kari nordmann"})
    assert "Kari" not in str(error)
