"""The plan for opening invoices: a draft gets its real status once it is whole, which the load finds out."""

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from ml_connector.ledger.document_queries import SentInvoice
from ml_connector.plan.operations import Action, Operation
from ml_connector.records.invoice_model import VOIDED

STATUS = "hs_invoice_status"
DRAFT = "draft"
PENDING_REASON = "visma_pending_reason"
NOT_WHOLE_YET = "its lines and links are still to come"


def opening(
    key: str, status: str, partition: str, *, hubspot_id: str | None, stamp: str, fingerprint: str
) -> Operation:
    """Return the operation that gives an invoice its status, if it is whole by then.

    It carries the stamp and fingerprint of the version that is in HubSpot by then.
    """
    return Operation(
        entity="openings",
        object_type="invoices",
        action=Action.OPEN,
        keys=(key,),
        partition=partition,
        hubspot_id=hubspot_id,
        values={STATUS: status, PENDING_REASON: ""},
        previous={STATUS: DRAFT},
        stamp=stamp,
        fingerprint=fingerprint,
    )


def earlier_drafts(
    drafts: Iterable[SentInvoice], planned: Collection[str], partition: str
) -> Iterator[Operation]:
    """Yield the openings of drafts that earlier runs left, without those that this plan has looked at itself."""
    for draft in drafts:
        if draft.key not in planned:
            status = final_status(draft.values.get("visma_status"), draft.values.get("visma_balance"))
            yield opening(
                draft.key,
                status,
                partition,
                hubspot_id=draft.hubspot_id,
                stamp=draft.stamp,
                fingerprint=draft.fingerprint,
            )


def final_status(visma_status: str | None, balance: str | None) -> str:
    """Return HubSpot's status of a document with this status and balance in Visma."""
    if visma_status == VOIDED:
        return "voided"
    return "open" if Decimal(balance or 0) else "paid"
