"""What Visma's answers mean: every shape of error body, with the VismaId and without the rest."""

import pytest

from ml_connector.errors import CredentialsError, PermanentApiError, TransientApiError
from ml_connector.http import Answer, NoUsableAnswerError, Verdict
from ml_connector.visma.answers import complaint_of, error_of, explained, is_wrong_address, verdict

URL = "https://api.finance.visma.net"
IPP = b"""{"ExceptionType":"IPPException","ExceptionMessage":"No license for this company.",
"ExceptionFaultCode":"12027","ExceptionMessageID":"12027_6e2a06a8","ExceptionDetails":""}"""
MESSAGE = b'{"message":"VismaId: 7d2c0f1e-11aa-4b7e-9f00-1234567890ab. The field is not valid."}'


@pytest.mark.parametrize(
    ("body", "text", "visma_id", "fault"),
    [
        (IPP, "No license for this company.", "12027_6e2a06a8", "12027"),
        (MESSAGE, "The field is not valid.", "7d2c0f1e-11aa-4b7e-9f00-1234567890ab", None),
        (
            MESSAGE.replace(b"message", b"Message"),
            "The field is not valid.",
            "7d2c0f1e-11aa-4b7e-9f00-1234567890ab",
            None,
        ),
        (b"VismaId: abcdef-123. Plain text.", "Plain text.", "abcdef-123", None),
        (
            b"<!DOCTYPE html><html><head><title>502 Bad\n Gateway</title>x" + b"y" * 9999,
            "502 Bad Gateway",
            None,
            None,
        ),
        (b"<html><body>no title</body></html>", "", None, None),
        (b'{"statusCode": 404, "message": "Resource not found"}', "Resource not found", None, None),
        (b'{"message":"Contact kari@fjord.example is locked"}', "Contact (e-mail) is locked", None, None),
        (b'"just a text"', '"just a text"', None, None),
        (b"", "", None, None),
        (b"{}", "{}", None, None),
    ],
)
def test_error_bodies(body: bytes, text: str, visma_id: str | None, fault: str | None) -> None:
    complaint = complaint_of(Answer(400, {}, body))
    assert (complaint.text, complaint.visma_id, complaint.fault_code) == (text, visma_id, fault)


def test_long_texts_are_cut_and_the_header_stands_in_for_the_id() -> None:
    complaint = complaint_of(Answer(500, {"Ipp-Request-Id": "req-1"}, b"very " * 1000))
    assert len(complaint.text) <= 201
    assert complaint.visma_id == "req-1"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, {}, b"[]"), Verdict.FINAL),
        (Answer(200, {}, b'{"a": 1}\r\n '), Verdict.FINAL),
        (Answer(200, {}, b'[{"a": 1}, {"b"'), Verdict.RETRY),
        (Answer(200, {}, b""), Verdict.RETRY),
        (Answer(200, {}, b"<html></html>"), Verdict.RETRY),
        (Answer(500, {}, b"oops"), Verdict.RETRY),
        (Answer(500, {}, IPP), Verdict.FINAL),
        (Answer(429, {}, b""), Verdict.RETRY),
        (Answer(400, {}, b""), Verdict.FINAL),
        (Answer(401, {}, b""), Verdict.FINAL),
        (Answer(404, {}, b""), Verdict.FINAL),
    ],
)
def test_what_is_tried_again(answer: Answer, expected: Verdict) -> None:
    assert verdict(answer) is expected


def test_a_refused_fresh_token_explains_the_two_tenant_ids() -> None:
    error = error_of(Answer(401, {}, MESSAGE), "/v1/customer", URL)
    assert isinstance(error, CredentialsError)
    for part in ("401", "Company Tenant ID", "Customer Tenant ID", "App Store", "7d2c0f1e"):
        assert part in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_missing_licence_is_the_same_mistake(status: int) -> None:
    error = error_of(Answer(status, {}, IPP), "/v1/customer", URL)
    assert isinstance(error, CredentialsError)
    assert "no licence" in str(error)
    assert "Company Tenant ID" in str(error)


def test_forbidden_names_scope_and_place() -> None:
    error = error_of(Answer(403, {}, MESSAGE), "/v1/supplier", URL)
    assert isinstance(error, PermanentApiError)
    assert error.status == 403
    assert error.correlation_id == "7d2c0f1e-11aa-4b7e-9f00-1234567890ab"
    assert "/v1/supplier" in str(error)
    assert "vismanet_erp_service_api:read" in str(error)


def test_a_wrong_address_is_explained() -> None:
    below = error_of(Answer(404, {}, b""), "/v1/customer", f"{URL}/erp/service")
    assert isinstance(below, PermanentApiError)
    assert "audience" in str(below)
    assert "VISMA_API_URL" in str(error_of(Answer(404, {}, b""), "/v1/customer", URL))


@pytest.mark.parametrize(
    ("status", "body", "url", "wrong"),
    [
        (404, b"", f"{URL}/erp/service", True),
        (404, b"", f"{URL}/ERP/Service/", True),
        (404, b'{"statusCode": 404, "message": "Resource not found"}', URL, True),
        (404, b'{"message":"VismaId: abcdef-123. Customer is not found."}', URL, False),
        (404, b"", URL, False),
        (400, b"", f"{URL}/erp/service", False),
    ],
)
def test_which_404_is_about_the_path(status: int, body: bytes, url: str, wrong: bool) -> None:
    assert is_wrong_address(Answer(status, {}, body), url) is wrong


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, PermanentApiError),
        (409, PermanentApiError),
        (501, PermanentApiError),
        (500, TransientApiError),
        (302, PermanentApiError),
    ],
)
def test_other_statuses(status: int, kind: type[Exception]) -> None:
    error = error_of(Answer(status, {}, MESSAGE), "/v1/customer", URL)
    assert type(error) is kind
    assert "The field is not valid." in str(error)


def test_the_last_word_of_a_request_that_ran_out_of_tries() -> None:
    error = explained(NoUsableAnswerError("Visma gave up.", answer=Answer(500, {}, MESSAGE), remedy="Wait."))
    assert type(error) is TransientApiError
    assert (error.status, error.correlation_id) == (500, "7d2c0f1e-11aa-4b7e-9f00-1234567890ab")
    assert "The field is not valid." in str(error)
    assert "Wait." in str(error)
    silent = NoUsableAnswerError("Visma gave up.", answer=None, remedy="Wait.")
    assert explained(silent) is silent
    cut = NoUsableAnswerError("Visma gave up.", answer=Answer(200, {}, b'[{"name": "Kari"'), remedy="Wait.")
    assert "Kari" not in str(explained(cut))
