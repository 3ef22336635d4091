"""What a connection's ledger is of: one HubSpot portal and one Visma company, those of its first run that wrote.

The ledger knows what HubSpot holds by the portal's record ids, and records by the company's numbers. With another
portal's token it would take for written what was never written there, and with another company's tenant id the new
company's customer 10001 would be put over the old one's. So both stay what they were.
"""

import hashlib
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from ml_connector.errors import UsageError
from ml_connector.ledger.tables import binding


class Side(StrEnum):
    """What a connection is bound to."""

    PORTAL = "hubspot_portal"
    COMPANY = "visma_company"


def company_mark(tenant_id: str) -> str:
    """Return what stands for a tenant id in the ledger: the same for the same company, and useless elsewhere."""
    return hashlib.sha256(f"visma company {tenant_id.strip().lower()}".encode()).hexdigest()[:32]


def bind(engine: sa.Engine, connection: str, side: Side, value: str) -> None:
    """Bind a connection to a portal or company, unless it is bound already.

    Raises:
        UsageError: it is bound to another.
    """
    row = {"connection": connection, "side": side.value, "value": value, "since": sa.func.now()}
    with engine.begin() as database:
        database.execute(insert(binding).values(row).on_conflict_do_nothing())
    require_bound(engine, connection, side, value)


def require_bound(engine: sa.Engine, connection: str, side: Side, value: str) -> None:
    """Do nothing where a connection is bound to this portal or company, or to none yet.

    Raises:
        UsageError: it is bound to another.
    """
    query = sa.select(binding.c.value).where(binding.c.connection == connection, binding.c.side == side.value)
    with engine.connect() as database:
        known = database.execute(query).scalar_one_or_none()
    if known is None or known == value:
        return
    if side is Side.PORTAL:
        raise UsageError(
            f"Connection {connection} was synced into portal {known}, and its token is now of portal {value}.",
            remedy="Store a token of the first portal, or make a connection of its own for the second with "
            "`ml-connector init`: what was written where must not be mixed.",
        )
    raise UsageError(
        f"Connection {connection} was synced from another Visma company than its tenant id now names.",
        remedy="Store the tenant id of that company, or make a connection of its own for the new one with "
        "`ml-connector init`: the numbers of two companies must not be mixed.",
    )
