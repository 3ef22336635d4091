"""What a connection's ledger is of: one HubSpot portal and one Visma company, those of its first run that wrote.

The ledger knows what HubSpot holds by the portal's record ids, and records by the company's numbers. With another
portal's token it would take for written what was never written there, and with another company's tenant id the new
company's customer 10001 would be put over the old one's. So both stay what they were. And two connections between one
company and one portal would make every record twice, each taking the other's for a stranger's: the second is refused.
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
        UsageError: it is bound to another, or would be the second between its company and its portal.
    """
    row = {"connection": connection, "side": side.value, "value": value, "since": sa.func.now()}
    with engine.begin() as database:
        database.execute(insert(binding).values(row).on_conflict_do_nothing())
        twin = database.execute(_TWIN, {"mine": connection}).scalars().first()
        if twin is not None:  # which undoes the row
            raise UsageError(
                f"Connection {twin} carries this Visma company into this portal already; {connection} would make "
                "every company there a second time.",
                remedy=f"Go on with {twin}: its ledger knows what is in HubSpot. If its file is gone, make it again "
                "under the same name.",
            )
    require_bound(engine, connection, side, value)


def _twins() -> sa.Select[tuple[str]]:
    """Return the question for connections that are bound to the same company and portal as the connection ``mine``."""
    mine, other = binding.alias("mine"), binding.alias("other")
    same = sa.and_(mine.c.side == other.c.side, mine.c.value == other.c.value)
    return (
        sa.select(other.c.connection)
        .join(mine, same)
        .where(mine.c.connection == sa.bindparam("mine"), other.c.connection != sa.bindparam("mine"))
        .group_by(other.c.connection)
        .having(sa.func.count() == len(Side))
    )


_TWIN = _twins()


def bound_to(engine: sa.Engine, connection: str, side: Side) -> str | None:
    """Return the portal or company that a connection is bound to, or None."""
    query = sa.select(binding.c.value).where(binding.c.connection == connection, binding.c.side == side.value)
    with engine.connect() as database:
        return database.execute(query).scalar_one_or_none()


def require_bound(engine: sa.Engine, connection: str, side: Side, value: str) -> None:
    """Do nothing where a connection is bound to this portal or company, or to none yet.

    Raises:
        UsageError: it is bound to another.
    """
    known = bound_to(engine, connection, side)
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
