"""The only way out to the Visma.net ERP API: GET with a token. It has no other verb, so nothing can be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from ml_connector.http import Answer, NoUsableAnswerError, Request, Transport
from ml_connector.visma import answers
from ml_connector.visma.auth import TokenSource


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rate headers of the last answer that had them; the limit is per company, application and hour."""

    limit: int | None = None
    remaining: int | None = None
    reset_seconds: int | None = None
    policy: str | None = None


class Gate:
    """Sends GET requests to one company's API. Safe to share between threads.

    Args:
        api_url: base URL without a trailing slash.
        tokens: hands out bearer tokens.
        transport: the retrying transport.
    """

    def __init__(self, api_url: str, tokens: TokenSource, transport: Transport) -> None:
        self.api_url = api_url
        self.limits = RateLimits()
        self._tokens = tokens
        self._transport = transport

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        label: str | None = None,
        spool: bool = False,
        absent: bool = False,
    ) -> Answer:
        """Send a GET, once more with a new token after a 401, and return its 2xx answer.

        Args:
            path: below the base URL.
            params: of the query.
            label: the path as errors may show it, without a record's number; the path itself by default.
            spool: whether the body may be huge.
            absent: whether a 404 about a record is an answer too.

        Raises:
            CredentialsError: no token, or a fresh one is refused.
            PermanentApiError: the request is refused.
            TransientApiError: no usable answer.
        """
        label = label or path
        # A blank as %20: not every server reads the plus sign of a form as one.
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        token = self._tokens.token()
        answer = self._send(f"{self.api_url}{path}{query}", label, token, spool)
        if answer.status == 401:
            answer = self._send(f"{self.api_url}{path}{query}", label, self._tokens.renew(token), spool)
        if answer.ok or (
            absent and answer.status == 404 and not answers.is_wrong_address(answer, self.api_url)
        ):
            return answer
        raise answers.error_of(answer, label, self.api_url)

    def _send(self, url: str, label: str, token: str, spool: bool) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            return self._transport.send(
                Request("GET", url, label, headers=headers), spool=spool, after=self._learn
            )
        except NoUsableAnswerError as error:
            raise answers.explained(error) from None

    def _learn(self, answer: Answer) -> None:
        headers = answer.headers
        if "X-RateLimit-Limit" in headers or "X-RateLimit-Remaining" in headers:
            self.limits = RateLimits(
                limit=_number(headers.get("X-RateLimit-Limit")),
                remaining=_number(headers.get("X-RateLimit-Remaining")),
                reset_seconds=_number(headers.get("X-RateLimit-Reset")),
                policy=headers.get("X-RateLimit-Policy"),
            )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None
