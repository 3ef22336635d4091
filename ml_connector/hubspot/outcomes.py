"""What is asked of HubSpot per record and what became of it: the shapes that the ledger relies on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from ml_connector.causes.catalogue import cause_of_refusal


class Tracked(Protocol):
    """Anything that is written and ends with an outcome: it has a trace id of its own and a key for people."""

    @property
    def trace_id(self) -> str:
        """Unique within the run."""

    @property
    def key(self) -> str:
        """The record in the words of people, free of personal data."""


Item = TypeVar("Item", bound=Tracked)


@dataclass(frozen=True, slots=True)
class WriteInput:
    """One record to write.

    ``id`` is the value of ``id_property``, which makes it an upsert, or the record id when ``id_property`` is
    None, which makes it an update. ``key`` is the record in the words of people (``customer:10023``) and
    holds no personal data; ``trace_id`` is unique within the run. Property values are strings; an empty one
    clears. ``archive`` puts the record with this id into HubSpot's recycle bin instead, and takes no properties.
    """

    trace_id: str
    key: str
    properties: dict[str, str]
    id: str
    id_property: str | None
    archive: bool = False


UNCONFIRMED = "UNCONFIRMED"
"""The category of an item that a whole answer did not mention."""


class OutcomeStatus(StrEnum):
    """How an operation ended: proven done, refused, or not known even after reading back."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input. ``message`` is free of personal data.

    ``created`` is None where it cannot be told (a lost answer); ``existing_id`` is the record that a conflict
    names; ``names_property`` is whether a refusal is about a value and not about records of this type as such;
    ``told`` is the name of a refusal's cause in the catalogue, where the answer said more than its category.
    """

    trace_id: str
    key: str
    status: OutcomeStatus
    hubspot_id: str | None = None
    created: bool | None = None
    http_status: int | None = None
    category: str | None = None
    message: str | None = None
    correlation_id: str | None = None
    existing_id: str | None = None
    names_property: bool = False
    told: str | None = None

    @property
    def cause(self) -> str:
        """The name in the catalogue of why it was not confirmed."""
        return self.told or cause_of_refusal([self.category])


@dataclass(frozen=True, slots=True)
class Again(Generic[Item]):
    """A batch of which ``rest`` has to be sent again: in parts when ``halve`` says that some bad row is among it."""

    settled: list[Outcome]
    rest: Sequence[Item]
    halve: bool
