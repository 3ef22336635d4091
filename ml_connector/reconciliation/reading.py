"""One reconciliation from beginning to end, without Dagster: read HubSpot, then Visma, and compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from ml_connector.hubspot.client import HubSpotClient
from ml_connector.hubspot.transaction_object import transaction_object
from ml_connector.reconciliation.compare import Comparison, compare
from ml_connector.reconciliation.evidence import Evidence
from ml_connector.reconciliation.explain import Circumstances, SyncedWindows
from ml_connector.reconciliation.facts import DOCUMENTS, Fact, Facts, Kind
from ml_connector.reconciliation.hubspot_side import INVOICES, TRANSACTION_ID, HubSpotSide
from ml_connector.reconciliation.line_reader import LineReader
from ml_connector.reconciliation.visma_side import VismaSide, settled_since
from ml_connector.settings.money import DeletionPolicy, TransactionRules


@dataclass(frozen=True, slots=True)
class SalesObject:
    """The HubSpot object that keeps sales transactions; without a name Visma's totals stand alone, and why."""

    name: str | None
    reason: str


NOT_CARRIED = SalesObject(None, "By the setting records sales transactions do not travel.")


def sales_object(client: HubSpotClient, rules: TransactionRules, refused: str | None = None) -> SalesObject:
    """Return where the portal keeps sales transactions. Only reads: what is not there yet is not made.

    Args:
        client: the portal.
        rules: the settings.
        refused: what the portal said when a sync tried to make or use our own object, where it did.

    Raises:
        UsageError: the object that the settings name cannot be used.
    """
    where = transaction_object(client, rules)
    if not where.exists:
        return SalesObject(None, refused or where.reason)
    if where.name is None:
        return SalesObject(None, where.reason)
    if refused and not client.count(where.name):
        return SalesObject(None, refused)
    if TRANSACTION_ID not in client.properties(where.name):
        return SalesObject(None, f"The object {where.name} holds no sales transactions yet.")
    return SalesObject(where.name, where.reason)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Compares one connection's two systems.

    Args:
        visma, hubspot: the two sides.
        sales: where HubSpot keeps sales transactions.
        engine: of the ledger.
        windows: which windows are loaded, per kind.
        deletions: the connection's policy, for the explanations.
        lines: whether line items are compared too.
    """

    visma: VismaSide
    hubspot: HubSpotSide
    sales: SalesObject
    engine: sa.Engine
    windows: Callable[[Kind], SyncedWindows]
    deletions: DeletionPolicy
    lines: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What both systems keep."""
        return tuple(Kind) if self.sales.name else DOCUMENTS

    def compare(self, month: str | None = None) -> Comparison:
        """Read both sides and compare them.

        HubSpot is read first: what it shows was in Visma when it was written, so what Visma lacks afterwards is gone
        and not merely new.

        Args:
            month: ``YYYY-MM`` to compare only what one of the sides has in this month.
        """
        reader = LineReader(self.hubspot, month)
        documents = self.hubspot.documents()
        there = Facts(chain(reader.noting(documents) if self.lines else documents, self._sales()))
        if self.lines:
            reader.read()
        self.visma.learn_customers()
        here = Facts(chain(self.visma.documents(), self.visma.transactions()))
        around = Circumstances(
            connection=self.hubspot.connection,
            windows=self.windows,
            settled=settled_since(self.visma.client, self.windows(Kind.INVOICE).unsynced_since),
            silent=there.kinds - here.kinds,
            deletions=self.deletions,
            refused=self.evidence().refused_customers(),
        )
        shown = reader.told(there) if self.lines else there
        return compare(here, shown, self.evidence().known, around, month=month, kinds=self.kinds)

    def _sales(self) -> Iterator[Fact]:
        if self.sales.name:
            yield from self.hubspot.transactions(self.sales.name)

    def evidence(self) -> Evidence:
        """Return what explains differences."""
        objects = (INVOICES, *filter(None, [self.sales.name]))
        return Evidence(self.engine, self.hubspot.connection, objects, self.hubspot.fact)
