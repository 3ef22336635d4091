"""What an answer of Visma means: worth another try, and what to tell a person. Pure functions.

Error bodies come in two shapes of JSON, as plain text, as HTML or empty (reference: visma 5). Their text is shortened
and never printed whole; the ``VismaId`` in it is what Visma's support asks for.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ml_connector.errors import (
    ApiError,
    ConnectorError,
    CredentialsError,
    PermanentApiError,
    TransientApiError,
)
from ml_connector.http import RETRIED_STATUSES, Answer, NoUsableAnswerError, Verdict, verdict_of

LICENCE_FAULTS = {
    "12027": "Visma finds no licence for this company",
    "12002": "Visma does not know this company or does not let the application see it",
}
"""Fault codes that trying again does not cure, whatever the status they come with."""

TENANT_REMEDY = (
    "Most often the tenant id is the Customer Tenant ID (the contract's): store the Company Tenant ID, shown in the "
    "Visma App Store for each company, and check there that the company has approved the application."
)

_VISMA_ID = re.compile(r"VismaId:\s*([0-9A-Za-z-]{6,40})[.:]?\s*")
_E_MAIL = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TEXT_FIELDS = ("ExceptionMessage", "message", "Message", "detail", "title")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an error body says: a short text without the VismaId, the VismaId, and Visma's fault code."""

    text: str
    visma_id: str | None
    fault_code: str | None


def complaint_of(answer: Answer) -> Complaint:
    """Read an error body of any shape."""
    body = answer.json()
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    text = next((str(fields[name]) for name in _TEXT_FIELDS if fields.get(name)), "")
    if not fields:
        text = _plain(answer.text())
    found = _VISMA_ID.search(text)
    visma_id = found.group(1).rstrip(".") if found else fields.get("ExceptionMessageID")
    fault = fields.get("ExceptionFaultCode")
    return Complaint(
        text=_short(_VISMA_ID.sub("", text)),
        visma_id=str(visma_id or answer.headers.get("Ipp-Request-Id") or "") or None,
        fault_code=str(fault) if fault else None,
    )


def verdict(answer: Answer) -> Verdict:
    """Decide whether an answer is worth another try: a 200 that does not end like JSON was cut, a licence is final."""
    if answer.status == 200:
        whole = answer.tail().rstrip().endswith((b"]", b"}"))
        return Verdict.FINAL if whole else Verdict.RETRY
    if answer.status >= 500 and complaint_of(answer).fault_code in LICENCE_FAULTS:
        return Verdict.FINAL
    return verdict_of(answer)


def error_of(answer: Answer, label: str, url: str) -> ConnectorError:
    """Return the error for an answer that is no 2xx.

    Args:
        answer: the final answer.
        label: the path of the list or detail, without a record's number.
        url: the base URL in use.
    """
    complaint = complaint_of(answer)
    said = f": {complaint.text}" if complaint.text else "."
    if complaint.fault_code in LICENCE_FAULTS:
        return CredentialsError(
            f"{LICENCE_FAULTS[complaint.fault_code]} (fault {complaint.fault_code}).", remedy=TENANT_REMEDY
        )
    if answer.status == 401:
        reference = f" VismaId {complaint.visma_id}." if complaint.visma_id else ""
        return CredentialsError(
            f"Visma refused a token that it had issued just before (HTTP 401 on {label}).{reference}",
            remedy=TENANT_REMEDY,
        )
    if answer.status in RETRIED_STATUSES:
        return _api_error(
            TransientApiError, f"Visma failed on {label} (HTTP {answer.status}){said}", answer, complaint
        )
    if answer.status == 403:
        return _api_error(
            PermanentApiError,
            f"Visma does not let this application read {label} (HTTP 403){said}",
            answer,
            complaint,
            "Give the application the scope vismanet_erp_service_api:read in the Developer Portal, and let the "
            "company's administrator approve it in the Visma App Store with access to this area.",
        )
    if answer.status == 404:
        return _api_error(
            PermanentApiError,
            f"Visma has nothing at {label} (HTTP 404){said}",
            answer,
            complaint,
            _address_remedy(url),
        )
    return _api_error(
        PermanentApiError, f"Visma refused {label} (HTTP {answer.status}){said}", answer, complaint
    )


def explained(error: NoUsableAnswerError) -> TransientApiError:
    """Return the error of a request that ran out of tries, with what the last answer said."""
    if error.answer is None or error.answer.ok:
        return error
    complaint = complaint_of(error.answer)
    message = f"{error.message} Visma said: {complaint.text}" if complaint.text else error.message
    return TransientApiError(
        message,
        status=error.status,
        category=complaint.fault_code,
        correlation_id=complaint.visma_id,
        remedy=error.remedy,
    )


def is_wrong_address(answer: Answer, url: str) -> bool:
    """Whether a 404 is about the path and not about a record: the token's audience as base URL, or no such route.

    The Developer Portal shows ``…/erp/service`` as "API Base URL"; it is only the audience of tokens, and every path
    below it answers 404 (reference: visma 1). A gateway without a route says "Resource not found".
    """
    if answer.status != 404:
        return False
    return _is_audience(url) or complaint_of(answer).text == "Resource not found"


def _is_audience(url: str) -> bool:
    return urlsplit(url).path.rstrip("/").lower().endswith("/erp/service")


def _address_remedy(url: str) -> str:
    if _is_audience(url):
        return (
            "The base URL ends in /erp/service: that is only the audience of tokens, although the Developer Portal "
            "calls it the API Base URL. Leave that part out of VISMA_API_URL."
        )
    return "Check VISMA_API_URL: it is https://api.finance.visma.net, without a path."


def _api_error(
    kind: type[ApiError], message: str, answer: Answer, complaint: Complaint, remedy: str | None = None
) -> ApiError:
    return kind(
        message,
        status=answer.status,
        category=complaint.fault_code,
        correlation_id=complaint.visma_id,
        remedy=remedy,
    )


def _plain(text: str) -> str:
    """Return what a body without JSON says: the title of an HTML page, or the beginning of a text."""
    if "<" in text[:200]:
        title = _TITLE.search(text)
        return title.group(1) if title else ""
    return text


def _short(text: str) -> str:
    """Return a text in one line, without e-mail addresses and not longer than a sentence or two."""
    line = _E_MAIL.sub("(e-mail)", " ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
