"""What is written to the ledger: of a run, of each operation and its end, and of what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.plan.operations import Operation


@dataclass(frozen=True, slots=True)
class About:
    """What a run is for, as the ledger keeps it.

    Args:
        kind: ``sync``, ``plan``, ``reconcile``, ``retry``, ``replay`` or ``undo``.
        of_run: the run it replays or undoes.
        settings: the connection's settings as JSON; they hold no credentials.
    """

    kind: str
    of_run: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation under the trace id it is sent with."""

    trace_id: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an entry ended.

    Args:
        entry: what was intended.
        status: ``confirmed``, ``rejected``, ``unknown`` or ``pending``.
        hubspot_id: the record it was confirmed on.
        http_status: of the last answer, or None.
        category: the API's word for a refusal.
        message: the refusal in plain words, without personal data.
        correlation_id: what HubSpot's support asks for.
        created: of a create, whether HubSpot made the record; None where its answer did not say.
    """

    entry: Entry
    status: str
    hubspot_id: str | None = None
    http_status: int | None = None
    category: str | None = None
    message: str | None = None
    correlation_id: str | None = None
    created: bool | None = None


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """What is now known of a Visma key: the HubSpot record it is and what was last synced to it."""

    object_type: str
    key: str
    hubspot_id: str
    email: str | None
    fingerprint: str
    values: Mapping[str, str | None]
    stamp: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """The state of one association; ``types`` is its ids in HubSpot as text, such as ``1,279``."""

    from_type: str
    from_key: str
    to_type: str
    to_key: str
    from_id: str | None
    to_id: str | None
    types: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class RejectRow:
    """A record that could not be written: cause, plain sentence, remedy, and the record to try again.

    ``version`` tells one version of it from another: Visma's stamp, or the window of what has none.
    """

    entity: str
    key: str
    cause: str
    message: str
    remedy: str
    record: str | None
    partition: str
    version: str


@dataclass(frozen=True, slots=True)
class LostIntent:
    """An operation that was sent, or was about to be, when its process or its answer was lost.

    ``known`` are the Visma keys that stand for its HubSpot record.
    """

    run_id: str
    trace_id: str
    entity: str
    object_type: str
    key: str
    hubspot_id: str | None
    values: Mapping[str, str | None]
    action: str
    stamp: str = ""
    known: Sequence[str] = ()
