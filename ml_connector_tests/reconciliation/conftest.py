"""Fixtures of the command's tests: a shell and a database as other commands' tests have them, and synced books."""

import os
from collections.abc import Iterator

import dagster as dg
import pytest
import sqlalchemy as sa

from ml_connector.cli.sandbox import addresses
from ml_connector.instance import connector_instance
from ml_connector_tests.cli.conftest import Shell, shell, stored
from ml_connector_tests.reconciliation.portal import NAME, WINDOW, Portal, remember, served

__all__ = ["shell", "stored", "synced"]


@pytest.fixture
def synced(shell: Shell, stored: sa.Engine) -> Iterator[Portal]:
    """A year of books, all of it in the portal and in the ledger, and its window loaded."""
    with served() as made:
        sandbox = made.sandbox
        os.environ.update(addresses(sandbox.url))
        os.environ["VISMA_CLIENT_ID"] = sandbox.settings.visma.client_id
        os.environ["VISMA_CLIENT_SECRET"] = sandbox.settings.visma.client_secret
        os.environ["VISMA_TENANT_ID"] = sandbox.settings.visma.tenant_id
        os.environ["HUBSPOT_ACCESS_TOKEN"] = sandbox.settings.hubspot.access_tokens[0]
        made.mirror()
        remember(made, stored)
        shell.write_connection(NAME, start=WINDOW)
        with connector_instance(keeps_output=False) as instance:
            for entity in ("invoices", "transactions"):
                key = dg.AssetKey([NAME, "hubspot", entity])
                instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=WINDOW))
        yield made
