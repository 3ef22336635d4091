"""The bodies Visma's errors come in (reference: visma 5). The words are the sandbox's own."""

import json
import uuid
from collections.abc import Mapping

from starlette.responses import Response

JSON = "application/json; charset=utf-8"


def exception_body(code: str, message: str) -> str:
    """Return error body A, the one with a fault code."""
    return json.dumps(
        {
            "ExceptionType": "IPPException",
            "ExceptionMessage": message,
            "ExceptionFaultCode": code,
            "ExceptionMessageID": f"{code}_{uuid.uuid4()}",
            "ExceptionDetails": "",
        }
    )


def message_body(text: str) -> str:
    """Return error body B, one message that begins with the id the vendor's support asks for."""
    return json.dumps({"message": f"VismaId: {uuid.uuid4()}. {text}"})


def refusal(status: int, body: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error answer with a JSON body."""
    return Response(body, status, dict(headers or {}), media_type=JSON)
