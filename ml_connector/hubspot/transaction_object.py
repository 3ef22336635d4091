"""Which HubSpot object keeps sales transactions: a custom object of ours, one of the owner's choice, or none.

Portals differ: custom objects need an Enterprise subscription, and the token scopes of their own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ml_connector.errors import PermanentApiError, TransientApiError, UsageError
from ml_connector.hubspot.answers import is_about_portal
from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.custom_objects import (
    COMPANIES,
    INVOICES,
    CustomObject,
    CustomObjectSpec,
    custom_objects,
    make_custom_object,
)
from ml_connector.hubspot.money_group import transaction_properties
from ml_connector.hubspot.properties import SETTLE_READS, SETTLE_SECONDS, ensure
from ml_connector.hubspot.visma_group import GROUP
from ml_connector.settings.money import TransactionRules

CUSTOM_OBJECT = "visma_transaction"
SCOPES = (
    "crm.objects.custom.read",
    "crm.objects.custom.write",
    "crm.schemas.custom.read",
    "crm.schemas.custom.write",
)
"""What a token needs for a custom object of ours (reference: hubspot 12)."""

AUTO = "auto"
LEDGER = "ledger"
"""Values of the setting ``transactions.object`` that name no object."""

ELSEWHERE = "sales transactions are kept in the ledger and the statement only"

NOT_YET = (
    f"The portal has no custom object {CUSTOM_OBJECT} yet. A sync makes it where the subscription allows it "
    f"(Enterprise); else {ELSEWHERE}."
)


@dataclass(frozen=True, slots=True)
class TransactionObject:
    """The object that keeps transactions, as calls take its name; None where none does.

    ``reason`` says why; ``exists`` is False for one that a sync has to make before it loads.
    """

    name: str | None
    reason: str
    exists: bool = True


def transaction_object(client: HubSpotClient, rules: TransactionRules) -> TransactionObject:
    """Return where transactions are kept as the portal is now. Only reads: a sync makes what is missing.

    Raises:
        UsageError: the object that the settings name is not there, or the token may not see it.
    """
    if rules.object == LEDGER:
        return TransactionObject(None, f"By the setting transactions.object {ELSEWHERE}.")
    return _own(client) if rules.object == AUTO else _named(client, rules.object)


def ensure_transaction_object(
    client: HubSpotClient, rules: TransactionRules, *, sleep: Callable[[float], None] = time.sleep
) -> TransactionObject:
    """Return where transactions are kept, with the object and its properties made where the portal allows it.

    Where ``auto`` cannot have its object they are kept in the ledger; the reason says so, and the run goes on.

    Args:
        client: the portal; its one writer.
        rules: the settings.
        sleep: waits until what was made shows, replaced in tests.

    Raises:
        UsageError: the object that the settings name is not there or does not fit.
        TransientApiError: HubSpot is out of reach.
        PermanentApiError: its daily budget is used up.
    """
    where = transaction_object(client, rules)
    if not where.exists:
        where = _made(client, sleep)
    if where.name is None:
        return where
    report = ensure(client, GROUP, transaction_properties(where.name), sleep=sleep)
    if rules.object != AUTO:
        report.require()
    if report.ok:
        return where
    problems = " ".join(report.problems())
    return TransactionObject(
        None, f"The custom object {CUSTOM_OBJECT} does not fit, so {ELSEWHERE}. {problems}"
    )


def _named(client: HubSpotClient, name: str) -> TransactionObject:
    try:
        client.properties(name)
    except PermanentApiError as error:
        if not is_about_portal(error):
            raise
        raise UsageError(
            f"The object {name}, which transactions.object names, cannot be used: {error.message}",
            remedy=f"Correct transactions.object in defs.yaml: an object's type id or full name, {AUTO} or {LEDGER}.",
        ) from error
    return TransactionObject(name, f"Sales transactions are kept in the object {name}.")


def _own(client: HubSpotClient) -> TransactionObject:
    """Return our custom object, also where it is yet to be made, or why there can be none."""
    token = client.token_info()
    lacking = token.lacking(SCOPES)
    if lacking:
        return TransactionObject(None, f"The token lacks {', '.join(lacking)}, so {ELSEWHERE}.")
    future = TransactionObject(f"p{token.hub_id}_{CUSTOM_OBJECT}", NOT_YET, exists=False)
    try:
        return next((_kept_in(one) for one in custom_objects(client) if one.name == CUSTOM_OBJECT), future)
    except PermanentApiError as error:
        return _refused(error)


def _made(client: HubSpotClient, sleep: Callable[[float], None]) -> TransactionObject:
    """Make our custom object and wait until its properties can be read."""
    try:
        made = _kept_in(make_custom_object(client, _spec()))
    except PermanentApiError as error:
        return _refused(error)
    except TransientApiError:
        made = _own(client)  # it may have been made all the same
        if not made.exists:
            raise
    _wait_for(client, str(made.name), sleep)
    return made


def _spec() -> CustomObjectSpec:
    return CustomObjectSpec(
        name=CUSTOM_OBJECT,
        singular="Visma transaction",
        plural="Visma transactions",
        display=transaction_properties(CUSTOM_OBJECT)[0],
        associated=(COMPANIES, INVOICES),
    )


def _wait_for(client: HubSpotClient, name: str, sleep: Callable[[float], None]) -> None:
    """Wait until a new object answers to its name: what was made shows a little later (reference: hubspot 8)."""
    for _ in range(SETTLE_READS):
        try:
            client.refresh_properties(name)
        except PermanentApiError:
            sleep(SETTLE_SECONDS)
        else:
            return


def _kept_in(found: CustomObject) -> TransactionObject:
    return TransactionObject(
        found.full_name, f"Sales transactions are kept in the custom object {found.name}."
    )


def _refused(error: PermanentApiError) -> TransactionObject:
    if not is_about_portal(error):
        raise error
    return TransactionObject(None, f"{error.message} So {ELSEWHERE}.")
