"""Every exception ml-connector raises on purpose, chosen by what the reader can do about it.

An error says what went wrong, with which record, and what to do next. Its text never holds a secret or personal
data: record numbers and ids are fine, names, e-mail addresses and tokens are not.
"""


class ConnectorError(Exception):
    """Base of all expected failures.

    Args:
        message: what went wrong, one sentence.
        remedy: what a person can do about it, one sentence, or None where only waiting helps.
        record: the record it is about, such as ``customer:10023``, or None.
    """

    def __init__(self, message: str, *, remedy: str | None = None, record: str | None = None) -> None:
        self.message = message
        self.remedy = remedy
        self.record = record
        super().__init__(message)

    def __str__(self) -> str:
        subject = f"{self.record}: " if self.record else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{subject}{self.message}{advice}"


class UsageError(ConnectorError):
    """The person asked for something that does not exist or does not fit: a name, a partition, a setting."""


class CredentialsError(ConnectorError):
    """A credential is missing, refused, or cannot be decrypted. Trying again changes nothing."""


class StorageError(ConnectorError):
    """A stored file or the database is missing, corrupt, full or out of reach."""


class BusyError(ConnectorError):
    """Another process holds what this one needs, such as the right to write to a portal."""


class ApiError(ConnectorError):
    """An API answered in a way that ends the call.

    Args:
        message: what went wrong, without the body of the request.
        status: the HTTP status, or None when there was no whole answer.
        category: the API's own word for the error (HubSpot ``category``, Visma ``ExceptionFaultCode``), or None.
        correlation_id: what the vendor's support asks for, or None.
        remedy: as for :class:`ConnectorError`.
        record: as for :class:`ConnectorError`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        category: str | None = None,
        correlation_id: str | None = None,
        remedy: str | None = None,
        record: str | None = None,
    ) -> None:
        self.status = status
        self.category = category
        self.correlation_id = correlation_id
        super().__init__(message, remedy=remedy, record=record)


class PermanentApiError(ApiError):
    """The same request will fail again until a person changes something: 400, 401, 403, 404, a daily limit."""


class TransientApiError(ApiError):
    """The request may pass later; the retry budget of this run is used up."""
