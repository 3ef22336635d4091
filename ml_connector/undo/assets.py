"""The asset ``undo/run`` and its job: plan what takes a run's writes back, and carry it out unless it is a dry run."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from ml_connector.automation import CONNECTION_TAG
from ml_connector.chunks import chunks
from ml_connector.database import engine
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.runs import Run, RunReader
from ml_connector.plan.operations import PLAN_SCHEMA, Action, Operation
from ml_connector.run_life import run_is_alive
from ml_connector.settings import ConnectionSettings
from ml_connector.step import IO_MANAGER, RUN_LIFE, counted, hubspot_key, unannotated
from ml_connector.storage import Dataset, ParquetIOManager, Storage
from ml_connector.storage_root import UNPARTITIONED
from ml_connector.undo.carrying import Undoer
from ml_connector.undo.changed import mark_of
from ml_connector.undo.choice import require_undoable
from ml_connector.undo.ledger import UndoReader
from ml_connector.undo.planning import plan_undo
from ml_connector.undo.portal import Portal

STEP = "undo"
ENTITY = "run"

NOTHING_REFUSED = "nothing_refused"

WRITTEN = 1000
"""Operations handed to the writer at once."""

REASONS = 20
"""Reasons shown with the asset."""


class UndoConfig(dg.Config):
    """Which run is undone, and whether that is only planned."""

    run_id: str = Field(
        description="The run to undo: its id in the Dagster UI, or the first eight characters of it."
    )
    dry: bool = Field(default=False, description="Plan only; nothing is written.")


def asset_key(connection: str) -> dg.AssetKey:
    """Return the key of a connection's undo."""
    return dg.AssetKey([connection, STEP, ENTITY])


def job_name(connection: str) -> str:
    """Return the name of the job that undoes a run of a connection."""
    return f"{connection}_undo"


def build_job(settings: ConnectionSettings) -> UnresolvedAssetJobDefinition:
    """Return the job that undoes a run; a person starts it, or the command ``undo``."""
    return dg.define_asset_job(
        job_name(settings.name),
        selection=dg.AssetSelection.assets(asset_key(settings.name)),
        description=f"Take back what a run of {settings.name} wrote in HubSpot, but for what was changed since.",
        tags={CONNECTION_TAG: settings.name},
        executor_def=dg.in_process_executor,
    )


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the undo of a connection. It has no partitions: it looks at one run."""
    key = asset_key(settings.name)
    decorate = dg.asset(
        key=key,
        description="What took back the writes of a run, record by record, and what stays with the reason.",
        group_name=STEP,
        kinds={"hubspot"},
        owners=list(settings.owners),
        pool=f"hubspot_{settings.portal_id or settings.name}",
        io_manager_key=IO_MANAGER,
        check_specs=[
            dg.AssetCheckSpec(
                NOTHING_REFUSED,
                asset=key,
                description="HubSpot took everything; what it refused, the next undo of the same run tries again.",
            )
        ],
        required_resource_keys={IO_MANAGER, RUN_LIFE, hubspot_key(settings.name)},
    )

    def run(context: dg.AssetExecutionContext, config: UndoConfig) -> dg.MaterializeResult[Dataset]:
        return _Undo(context, settings, config).run()

    return [unannotated(decorate)(run)]


class _Undo:
    """One run of the asset."""

    def __init__(
        self, context: dg.AssetExecutionContext, settings: ConnectionSettings, config: UndoConfig
    ) -> None:
        self._context = context
        self._settings = settings
        self._dry = config.dry
        self._run_id = context.run.run_id
        self._hubspot: HubSpotResource = getattr(context.resources, hubspot_key(settings.name))
        self._journal = Journal(engine(), settings.name, self._run_id)
        self._chosen = self._choose(config.run_id)

    def _choose(self, run_id: str) -> Run:
        chosen = RunReader(engine(), self._settings.name).named(run_id)
        alive = chosen.status == "started" and run_is_alive(chosen.run_id)
        require_undoable(self._settings.name, chosen, alive=alive)
        return chosen

    def run(self) -> dg.MaterializeResult[Dataset]:
        """Plan, store the plan, carry it out unless it is a dry run, and show what became of it."""
        kept = self._settings.model_dump(mode="json")
        self._journal.begin([], About("plan" if self._dry else "undo", self._chosen.run_id, kept))
        client = self._hubspot.get_client()
        with counted(self._journal, "hubspot", client.requests):
            if not self._dry:
                self._hubspot.begin_writing(self._run_id)
                settle_lost_intents(client, self._journal)
            reader = UndoReader(engine(), self._settings.name, self._chosen)
            portal = Portal(client, tuple(sorted(reader.own_objects())))
            counts: Counter[tuple[str, str]] = Counter()
            plan = self._stored(plan_undo(reader, portal, mark_of(self._run_id)), counts)
            done = {} if self._dry else self._carry_out(reader, plan)
        if done:
            self._journal.add_to_summary({"undone": done})
        return dg.MaterializeResult(
            value=plan,
            metadata=self._metadata(plan, counts, done, portal),
            check_results=[self._check(done)],
        )

    def _check(self, done: Mapping[str, Mapping[str, int]]) -> dg.AssetCheckResult:
        refused = sum(figures[name] for figures in done.values() for name in ("rejected", "pending"))
        return dg.AssetCheckResult(
            check_name=NOTHING_REFUSED,
            passed=not refused,
            metadata={
                "operations that HubSpot refused or did not confirm": refused,
                "every one by name": f"ml-connector undo {self._settings.name} --run {self._chosen.run_id[:8]} --dry",
            },
        )

    def _stored(self, operations: Iterable[Operation], counts: Counter[tuple[str, str]]) -> Dataset:
        io_manager: ParquetIOManager = getattr(self._context.resources, IO_MANAGER)
        path = asset_key(self._settings.name).path
        with Storage(io_manager.root).writer(path, (), self._run_id, PLAN_SCHEMA) as out:
            for some in chunks(operations, WRITTEN):
                counts.update((one.entity, str(one.action)) for one in some)
                out.write(UNPARTITIONED, [one.to_row() for one in some])
        return out.dataset

    def _carry_out(self, reader: UndoReader, plan: Dataset) -> Mapping[str, Mapping[str, int]]:
        client, name = self._hubspot.get_client(), self._settings.name
        ledger = LedgerReader(engine(), name)
        undoer = Undoer(
            RecordLoader(client, self._journal, ledger, self._run_id),
            LinkLoader(client, self._journal, ledger, self._run_id),
            self._journal,
            reader,
        )
        return undoer.carry_out(plan)

    def _metadata(
        self,
        plan: Dataset,
        counts: Counter[tuple[str, str]],
        done: Mapping[str, Mapping[str, int]],
        portal: Portal,
    ) -> dict[str, Any]:
        reasons = Counter(
            str(row["reason"]) for row in plan.rows(["reason"], where=("action", str(Action.SKIP)))
        )
        stays = [f"- {many} x {reason}" for reason, many in reasons.most_common(REASONS)]
        return {
            "run": self._chosen.run_id,
            "carried out": not self._dry,
            **{f"{entity} to {action}": many for (entity, action), many in sorted(counts.items())},
            **{
                f"{entity}: {name}": many
                for entity, figures in done.items()
                for name, many in figures.items()
                if many
            },
            "what stays": dg.MetadataValue.md("\n".join(stays) or "nothing"),
            **({"not looked at": ", ".join(sorted(portal.unseen))} if portal.unseen else {}),
            "calls to HubSpot": portal.client.requests.calls,
        }
