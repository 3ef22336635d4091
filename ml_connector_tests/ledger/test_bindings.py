"""A connection stays with the portal and the company it was first synced with."""

import pytest
import sqlalchemy as sa

from ml_connector.errors import UsageError
from ml_connector.ledger.bindings import Side, bind, company_mark, require_bound

TENANT = "6b1f0c1e-5d0a-11ee-9c3b-0242ac120002"


def test_what_is_not_bound_may_be_anything(engine: sa.Engine) -> None:
    require_bound(engine, "acme", Side.PORTAL, "1")
    require_bound(engine, "acme", Side.PORTAL, "2")


def test_the_first_binding_stays(engine: sa.Engine) -> None:
    bind(engine, "acme", Side.PORTAL, "1")
    bind(engine, "acme", Side.PORTAL, "1")
    for wrong in (bind, require_bound):
        with pytest.raises(UsageError, match="synced into portal 1, and its token is now of portal 2"):
            wrong(engine, "acme", Side.PORTAL, "2")
    require_bound(engine, "acme", Side.PORTAL, "1")


def test_connections_and_sides_are_bound_apart(engine: sa.Engine) -> None:
    bind(engine, "acme", Side.PORTAL, "1")
    bind(engine, "other", Side.PORTAL, "2")
    bind(engine, "acme", Side.COMPANY, company_mark(TENANT))
    with pytest.raises(UsageError, match="from another Visma company"):
        bind(engine, "acme", Side.COMPANY, company_mark(TENANT.replace("6b", "7c")))


def test_a_second_connection_between_one_company_and_one_portal_is_refused(engine: sa.Engine) -> None:
    for connection, portal in (("acme", "1"), ("to_another_portal", "2"), ("again", "1")):
        bind(engine, connection, Side.COMPANY, company_mark(TENANT))
        if connection == "again":
            with pytest.raises(
                UsageError, match="Connection acme carries this Visma company into this portal"
            ):
                bind(engine, connection, Side.PORTAL, portal)
        else:
            bind(engine, connection, Side.PORTAL, portal)
    require_bound(engine, "again", Side.PORTAL, "3")  # nothing was kept of the refused one
    bind(engine, "of_another_company", Side.COMPANY, company_mark("another"))
    bind(engine, "of_another_company", Side.PORTAL, "1")


def test_a_company_is_known_by_a_mark_that_is_not_its_tenant_id() -> None:
    assert company_mark(TENANT.upper() + "\n") == company_mark(TENANT)
    assert not set(TENANT.split("-")) & {company_mark(TENANT)[place : place + 4] for place in range(28)}
