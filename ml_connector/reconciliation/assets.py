"""The asset ``reconciliation/statement`` and its job: compare, check, repair where asked, and file the statement."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from ml_connector.automation import CONNECTION_TAG
from ml_connector.database import engine
from ml_connector.errors import PermanentApiError, UsageError
from ml_connector.http import RequestCounts
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals, Subject
from ml_connector.partitions import windows_of
from ml_connector.plan.decided import ignored_companies
from ml_connector.reconciliation.compare import CHECKS, Comparison, Verdict
from ml_connector.reconciliation.explain import SyncedWindows
from ml_connector.reconciliation.facts import Kind
from ml_connector.reconciliation.files import write_statement
from ml_connector.reconciliation.hubspot_side import HubSpotSide
from ml_connector.reconciliation.reading import NOT_CARRIED, Reconciler, SalesObject, sales_object
from ml_connector.reconciliation.repair import Repairer
from ml_connector.reconciliation.statement import Statement
from ml_connector.reconciliation.visma_side import PageRows, VismaSide
from ml_connector.records.field_rules import FieldRules
from ml_connector.records.invoices import DocumentMapper, base_currency
from ml_connector.settings import ConnectionSettings, RecordKind
from ml_connector.step import IO_MANAGER, RUN_LIFE, counted, hubspot_key, visma_key
from ml_connector.storage_root import StorageRoot
from ml_connector.visma.client import VismaClient
from ml_connector.visma.resource import VismaResource

STEP = "reconciliation"
ENTITY = "statement"

LOADED_BY = {Kind.TRANSACTION: "transactions"}
"""The load asset whose windows tell what is synced, by kind; ``invoices`` for all documents."""


class ReconcileConfig(dg.Config):
    """What a reconciliation looks at, and whether it also repairs."""

    month: str = Field(
        default="",
        pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$",
        description="The one month to compare, such as 2026-11.",
    )
    repair: bool = Field(
        default=False,
        description="Hand what drifted to the next sync, and archive by the policy what Visma no longer has.",
    )


def asset_key(connection: str) -> dg.AssetKey:
    """Return the key of a connection's statement."""
    return dg.AssetKey([connection, STEP, ENTITY])


def job_name(connection: str) -> str:
    """Return the name of the job that reconciles a connection."""
    return f"{connection}_reconcile"


def build_job(settings: ConnectionSettings) -> UnresolvedAssetJobDefinition:
    """Return the job that reconciles a connection; a person starts it, or the command ``reconcile``."""
    return dg.define_asset_job(
        job_name(settings.name),
        selection=dg.AssetSelection.assets(asset_key(settings.name)),
        description=f"Compare Visma and HubSpot for {settings.name}, and file the statement.",
        tags={CONNECTION_TAG: settings.name},
        executor_def=dg.in_process_executor,
    )


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the statement of a connection. It has no partitions: it looks at everything at once."""
    key = asset_key(settings.name)

    @dg.asset(
        key=key,
        description="Whether Visma and HubSpot agree to the cent, by a fresh reading of both; with the files to keep.",
        group_name=STEP,
        kinds={"visma", "hubspot"},
        owners=list(settings.owners),
        # Of HubSpot's loads, not of Visma: what is compared must not change meanwhile.
        pool=f"hubspot_{settings.portal_id or settings.name}",
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=question) for name, question in CHECKS.items()
        ],
        required_resource_keys={IO_MANAGER, RUN_LIFE, visma_key(settings.name), hubspot_key(settings.name)},
    )
    def statement(context: dg.AssetExecutionContext, config: ReconcileConfig) -> dg.MaterializeResult:  # type: ignore[type-arg]
        return _Reconciliation(context, settings, partitions).run(config)

    return [statement]


class _Reconciliation:
    """One run of the asset."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        settings: ConnectionSettings,
        partitions: dg.TimeWindowPartitionsDefinition,
    ) -> None:
        self._context = context
        self._settings = settings
        self._partitions = partitions
        self._visma: VismaClient = self._resource(VismaResource, visma_key(settings.name)).get_client()
        self._portal = self._resource(HubSpotResource, hubspot_key(settings.name))
        self._client = self._portal.get_client()
        self._journal = Journal(engine(), settings.name, context.run.run_id)

    def _resource(self, kind: type[Any], key: str) -> Any:
        found = getattr(self._context.resources, key)
        if not isinstance(found, kind):
            raise TypeError(f"the resource {key} is no {kind.__name__}")
        return found

    def run(self, config: ReconcileConfig) -> dg.MaterializeResult[None]:
        """Compare, repair where asked, write the files, and answer the checks."""
        self._journal.begin([], About("reconcile", settings=self._settings.model_dump(mode="json")))
        with (
            counted(self._journal, "visma", self._visma.requests),
            counted(self._journal, "hubspot", self._client.requests),
        ):
            compared_at = datetime.now(UTC)
            reconciler = self._reconciler()
            found = reconciler.compare(config.month or None)
            notes = [
                *_about_sales(reconciler.sales),
                *_about_left_out(found),
                *(self._repair(reconciler, found) if config.repair else ()),
            ]
        statement = Statement(
            connection=self._settings.name,
            portal_id=self._portal.get_account().portal_id,
            compared_at=compared_at,
            zone=self._settings.zone,
            synced_through=reconciler.windows(Kind.INVOICE).newest,
            found=found,
            kinds=reconciler.kinds,
            month=config.month or None,
            notes=tuple(notes),
            names=reconciler.visma.names,
            calls=_calls({"visma": self._visma.requests, "hubspot": self._client.requests}),
            run_id=self._context.run.run_id,
        )
        places = write_statement(StorageRoot(getattr(self._context.resources, IO_MANAGER).root), statement)
        return dg.MaterializeResult(
            metadata=_metadata(statement, places),
            check_results=[_check(verdict, statement) for verdict in statement.verdicts],
        )

    def _reconciler(self) -> Reconciler:
        settings, account = self._settings, self._portal.get_account()
        base = self._base_currency()
        zones = settings.zone, settings.stamp_zone
        converts = base if settings.invoices.convert_currency else None
        mapper = DocumentMapper(
            settings.name,
            *zones,
            datetime.now(settings.zone).date(),
            settings.deals.reference_fields,
            base_currency=converts,
            rules=FieldRules.of(settings),
        )
        currencies = frozenset({account.company_currency, *account.additional_currencies})
        carried = settings.carries(RecordKind.TRANSACTIONS)
        windows = {kind: self._windows(LOADED_BY.get(kind, "invoices")) for kind in Kind}
        return Reconciler(
            visma=VismaSide(
                self._visma,
                mapper,
                settings.transactions,
                base,
                currencies,
                left_out=ignored_companies(LedgerReader(engine(), settings.name)),
                with_lines=settings.reconciliation.lines,
            ),
            hubspot=HubSpotSide(self._client, settings.name, settings.zone, base),
            sales=self._sales_object() if carried else NOT_CARRIED,
            engine=engine(),
            windows=windows.__getitem__,
            deletions=settings.reconciliation.deletions,
            lines=settings.reconciliation.lines,
        )

    def _sales_object(self) -> SalesObject:
        refusals = Refusals(engine(), self._settings.name, self._client.token_mark)
        refused = refusals.known(Subject.TRANSACTIONS)
        return sales_object(self._client, self._settings.transactions, str(refused) if refused else None)

    def _base_currency(self) -> str:
        rows = [row for page in self._visma.changed("currencies") for row in page]
        found = base_currency(PageRows(rows))
        if found is None:
            raise PermanentApiError(
                "Visma names no base currency, so sales transactions have no currency.",
                remedy="Mark the company's own currency as the base currency in Visma.net.",
            )
        return found

    def _windows(self, entity: str) -> SyncedWindows:
        key = dg.AssetKey([self._settings.name, "hubspot", entity])
        loaded = self._context.instance.get_materialized_partitions(key)
        windows = windows_of(self._partitions, self._partitions.get_partition_keys())
        return SyncedWindows(windows, loaded, self._settings.stamp_zone)

    def _repair(self, reconciler: Reconciler, found: Comparison) -> tuple[str, ...]:
        newest = reconciler.windows(Kind.INVOICE).newest
        if newest is None:
            raise UsageError(
                "There is nothing to repair before the first sync.",
                remedy=f"Run: ml-connector sync {self._settings.name}",
            )
        self._portal.begin_writing(self._context.run.run_id)
        settle_lost_intents(self._client, self._journal)
        ledger = LedgerReader(engine(), self._settings.name)
        loader = RecordLoader(self._client, self._journal, ledger, self._context.run.run_id)
        repairer = Repairer(reconciler, self._journal, loader, self._settings.reconciliation, newest)
        return repairer.repair(found).notes


def _about_sales(sales: SalesObject) -> tuple[str, ...]:
    if sales.name:
        return ()
    return (f"Sales transactions are not compared; Visma's totals are shown. {sales.reason}",)


def _about_left_out(found: Comparison) -> tuple[str, ...]:
    if not found.not_taken:
        return ()
    many = "1 is" if found.not_taken == 1 else f"{found.not_taken:,} are"
    return (f"{many} of customers that the connection does not take, and count on neither side.",)


def _calls(counts: Mapping[str, RequestCounts]) -> dict[str, int]:
    return {system: count.calls for system, count in counts.items()}


def _metadata(statement: Statement, places: Mapping[str, str]) -> dict[str, Any]:
    return {
        "result": statement.headline,
        "per month and currency": dg.MetadataValue.md(statement.markdown()),
        "differences": dg.MetadataValue.md(
            statement.causes_markdown() if statement.found.different else "none"
        ),
        **{name: dg.MetadataValue.path(place) for name, place in places.items()},
        "records compared": statement.found.compared.total(),
        "notes": "\n".join(statement.notes) or "none",
        **{f"calls to {system}": many for system, many in statement.calls.items()},
    }


def _check(verdict: Verdict, statement: Statement) -> dg.AssetCheckResult:
    """Return the result of a check; what is only still to be synced is a warning."""
    waiting = statement.found.only_waiting
    return dg.AssetCheckResult(
        check_name=verdict.name,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.WARN if waiting else dg.AssetCheckSeverity.ERROR,
        metadata={
            "in words": verdict.sentence,
            "every one by name": f"ml-connector reconcile {statement.connection}",
        },
    )
