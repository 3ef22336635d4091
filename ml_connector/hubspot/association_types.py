"""Association types: HubSpot's own ids by name, and what a portal offers between two object types.

A type is known by its category and id together: a user-defined id may equal one of HubSpot's (reference: hubspot 4).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.hubspot import paths
from ml_connector.hubspot.calls import Call, results_of
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.limits import Bucket

HUBSPOT_DEFINED = "HUBSPOT_DEFINED"

CONTACT_TO_COMPANY = 279
COMPANY_TO_CONTACT = 280
CONTACT_TO_PRIMARY_COMPANY = 1
PRIMARY_COMPANY_TO_CONTACT = 2
BILLING_CONTACT_TO_COMPANY = 931
COMPANY_TO_BILLING_CONTACT = 930
COMPANY_TO_COMPANY = 450
CHILD_TO_PARENT_COMPANY = 14
PARENT_TO_CHILD_COMPANY = 13
CONTACT_TO_DEAL = 4
DEAL_TO_CONTACT = 3
DEAL_TO_COMPANY = 341
COMPANY_TO_DEAL = 342
DEAL_TO_LINE_ITEM = 19
LINE_ITEM_TO_DEAL = 20
INVOICE_TO_CONTACT = 177
CONTACT_TO_INVOICE = 178
INVOICE_TO_COMPANY = 179
COMPANY_TO_INVOICE = 180
INVOICE_TO_DEAL = 175
DEAL_TO_INVOICE = 176
INVOICE_TO_LINE_ITEM = 409
LINE_ITEM_TO_INVOICE = 410
INVOICE_TO_ORDER = 517
ORDER_TO_INVOICE = 518
INVOICE_TO_PAYMENT = 541
PAYMENT_TO_INVOICE = 542
PAYMENT_TO_CONTACT = 387
CONTACT_TO_PAYMENT = 388
PAYMENT_TO_COMPANY = 389
COMPANY_TO_PAYMENT = 390
PAYMENT_TO_DEAL = 391
DEAL_TO_PAYMENT = 392
ORDER_TO_CONTACT = 507
CONTACT_TO_ORDER = 508
ORDER_TO_COMPANY = 934
COMPANY_TO_ORDER = 935
ORDER_TO_DEAL = 512
DEAL_TO_ORDER = 511
ORDER_TO_LINE_ITEM = 513
LINE_ITEM_TO_ORDER = 514

EXPECTED = {
    ("contacts", "companies"): (CONTACT_TO_COMPANY, CONTACT_TO_PRIMARY_COMPANY),
    ("deals", "companies"): (DEAL_TO_COMPANY,),
    ("deals", "contacts"): (DEAL_TO_CONTACT,),
    ("invoices", "companies"): (INVOICE_TO_COMPANY,),
    ("invoices", "contacts"): (INVOICE_TO_CONTACT,),
    ("invoices", "deals"): (INVOICE_TO_DEAL,),
    ("invoices", "line_items"): (INVOICE_TO_LINE_ITEM,),
    ("commerce_payments", "companies"): (PAYMENT_TO_COMPANY,),
    ("commerce_payments", "contacts"): (PAYMENT_TO_CONTACT,),
    ("commerce_payments", "invoices"): (PAYMENT_TO_INVOICE,),
    ("orders", "companies"): (ORDER_TO_COMPANY,),
    ("orders", "contacts"): (ORDER_TO_CONTACT,),
    ("orders", "deals"): (ORDER_TO_DEAL,),
}
"""The types that links between two object types are made with, to be confirmed against the portal."""


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One kind of association a portal offers; ``label`` is None for an unlabelled one."""

    category: str
    type_id: int
    label: str | None


def association_types(client: HubSpotClient, from_type: str, to_type: str) -> tuple[AssociationType, ...]:
    """Return the association types between two object types, own labels included."""
    path = paths.association_labels(from_type, to_type)
    body = client.call(Call("GET", path, bucket=Bucket.ASSOCIATIONS))
    return tuple(
        AssociationType(str(item.get("category") or ""), int(item["typeId"]), item.get("label") or None)
        for item in results_of(body)
    )


def verify_types(
    client: HubSpotClient, from_type: str, to_type: str, needed: Iterable[int] | None = None
) -> tuple[int, ...]:
    """Return those of HubSpot's own type ids that a portal does not offer between two object types; none is well.

    ``needed`` are the ids to look for, by default those in :data:`EXPECTED` for the pair. A link with a type that is
    not offered is answered with success and not written (reference: hubspot 4).
    """
    wanted = EXPECTED.get((from_type, to_type), ()) if needed is None else needed
    offered = {
        item.type_id
        for item in association_types(client, from_type, to_type)
        if item.category == HUBSPOT_DEFINED
    }
    return tuple(type_id for type_id in wanted if type_id not in offered)
