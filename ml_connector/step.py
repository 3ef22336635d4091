"""What the assets of all steps have in common: key, group, partitions, owners, and their connection's resources."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_connector.database import engine
from ml_connector.errors import UsageError
from ml_connector.http import RequestCounts
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.due import DueReader, Selection
from ml_connector.ledger.entries import About
from ml_connector.ledger.journal import Journal
from ml_connector.options import KIND_TAG, OF_RUN_TAG, OPTIONS, RunOptions
from ml_connector.settings import ConnectionSettings
from ml_connector.storage import Dataset, DatasetWriter, ParquetIOManager, Storage, recorded_dataset
from ml_connector.visma.client import VismaClient
from ml_connector.visma.resource import VismaResource

# Single-run backfills are the design; Dagster 1.13 marks the parameter beta and would say so for every asset.
warnings.filterwarnings("ignore", message=".*`backfill_policy`", category=dg.BetaWarning)

IO_MANAGER = "ml_connector_io"
RUN_LIFE = "ml_connector_run"
"""Resource keys shared by all connections; those of one connection carry its name."""


BEFORE_PLANS = ("visma", "records")
"""The steps that bring a window's own records."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one connection: makes its assets and hands them their resources.

    Args:
        name: ``visma``, ``records``, ``plan`` or ``hubspot``: the middle of the key, and the group.
        settings: the connection.
        partitions: its partitions.
        kinds: tags of the technologies involved, shown on the graph.
        pool: limits how many runs work on the same API at once, or None.
    """

    name: str
    settings: ConnectionSettings
    partitions: dg.TimeWindowPartitionsDefinition
    kinds: tuple[str, ...]
    pool: str | None = None

    def key(self, step: str, entity: str) -> dg.AssetKey:
        """Return the key of an asset of this connection."""
        return dg.AssetKey([self.settings.name, step, entity])

    def asset(
        self,
        entity: str,
        description: str,
        *,
        ins: Mapping[str, dg.AssetKey] | None = None,
        deps: Sequence[dg.AssetKey] = (),
        check_specs: Sequence[dg.AssetCheckSpec] = (),
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Return the decorator of an asset of this step.

        Args:
            entity: the last part of the key.
            description: what the asset holds, shown in the UI.
            ins: assets whose datasets the function takes, by parameter name.
            deps: assets that only have to come first.
            check_specs: checks whose results the function returns.
        """
        decorate = dg.asset(
            key=self.key(self.name, entity),
            description=description,
            group_name=self.name,
            kinds=set(self.kinds),
            owners=list(self.settings.owners),
            partitions_def=self.partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
            pool=self.pool,
            io_manager_key=IO_MANAGER,
            ins={name: dg.AssetIn(key=key) for name, key in (ins or {}).items()},
            deps=list(deps),
            check_specs=list(check_specs),
            required_resource_keys={IO_MANAGER, RUN_LIFE, OPTIONS, *self._own_keys()},
        )

        return unannotated(decorate) if check_specs else decorate

    def assets(
        self,
        name: str,
        descriptions: Mapping[str, str],
        check_specs: Sequence[dg.AssetCheckSpec] = (),
        *,
        each_alone: bool = False,
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        """Return the decorator of several assets that are made together, in one step of a run.

        Args:
            name: of what makes them.
            descriptions: what each asset holds, by the last part of its key.
            check_specs: as for :meth:`asset`.
            each_alone: whether a run may make some of them; the function looks at ``context.selected_asset_keys``.
        """
        decorate = dg.multi_asset(
            name=f"{self.settings.name}__{self.name}__{name}",
            outs={
                entity: dg.AssetOut(
                    key=self.key(self.name, entity),
                    description=description,
                    kinds=set(self.kinds),
                    owners=list(self.settings.owners),
                    io_manager_key=IO_MANAGER,
                    is_required=not each_alone,
                )
                for entity, description in descriptions.items()
            },
            group_name=self.name,
            partitions_def=self.partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
            pool=self.pool,
            check_specs=list(check_specs),
            can_subset=each_alone,
            required_resource_keys={IO_MANAGER, RUN_LIFE, OPTIONS, *self._own_keys()},
        )
        return unannotated(decorate)

    def _own_keys(self) -> tuple[str, ...]:
        keys = {
            "visma": (visma_key(self.settings.name),),
            "plan": (hubspot_key(self.settings.name),),
            "hubspot": (hubspot_key(self.settings.name),),
        }
        return keys.get(self.name, ())

    def visma(self, context: dg.AssetExecutionContext) -> VismaClient:
        """Return the run's Visma client; a run that is going to write binds the connection to its company."""
        resource: VismaResource = getattr(context.resources, visma_key(self.settings.name))
        client = resource.get_client()
        if self.is_going_to_write(context):
            resource.bind()
        return client

    def hubspot(self, context: dg.AssetExecutionContext) -> HubSpotResource:
        """Return the run's HubSpot resource: its client and the portal.

        A run that is going to write is the portal's one writer from here to its end: a plan made while another run was
        writing would be wrong before it is carried out. A run that only plans waits for nobody.
        """
        resource: HubSpotResource = getattr(context.resources, hubspot_key(self.settings.name))
        if self.is_going_to_write(context):
            resource.begin_writing(context.run.run_id)
        return resource

    def options(self, context: dg.AssetExecutionContext) -> RunOptions:
        """Return what a person said about the run when it was launched."""
        options: RunOptions = getattr(context.resources, OPTIONS)
        return options

    def retried(self, context: dg.AssetExecutionContext) -> Selection | None:
        """Return the refused records that the run is to try again, and nothing else; None for any other run.

        Raises:
            UsageError: the run reads or maps a window, or its window was never loaded: what is left out would be lost.
        """
        text = self.options(context).retry
        if not text:
            return None
        whole = any(key.path[1] in BEFORE_PLANS for key in _assets_of_run(context))
        loaded = context.instance.get_materialized_partitions(self.key("hubspot", context.asset_key.path[-1]))
        if whole or not loaded.issuperset(context.partition_keys):
            raise UsageError(
                "A retry leaves the records of its window alone, which is right only where these have been loaded.",
                remedy=f"Use `ml-connector rejects {self.settings.name} retry`; it chooses the steps and the window.",
            )
        return Selection.parse(text)

    def refused(self, context: dg.AssetExecutionContext) -> DueReader:
        """Return the refused records that the run may try again."""
        settings = self.settings.model_dump(mode="json")
        return DueReader(engine(), self.settings.name, settings, self.retried(context))

    def is_going_to_write(self, context: dg.AssetExecutionContext) -> bool:
        """Return whether the run has a step that writes in HubSpot."""
        return any(key.path[:2] == [self.settings.name, "hubspot"] for key in _assets_of_run(context))

    def writer(
        self, context: dg.AssetExecutionContext, schema: pa.Schema, entity: str | None = None
    ) -> DatasetWriter:
        """Return a writer of the asset's dataset, one file for each partition of the run.

        ``entity`` says which asset, where several are made together.
        """
        key = context.asset_key if entity is None else self.key(self.name, entity)
        return self.storage(context).writer(key.path, context.partition_keys, context.run.run_id, schema)

    def storage(self, context: dg.AssetExecutionContext) -> Storage:
        """Return where the run's files lie."""
        io_manager: ParquetIOManager = getattr(context.resources, IO_MANAGER)
        return Storage(io_manager.root)

    def stored(self, context: dg.AssetExecutionContext, key: dg.AssetKey, windows: Sequence[str]) -> Dataset:
        """Return what is stored of an asset in windows besides the run's own.

        Windows that were never made, and those whose file is gone, are absent.
        """
        found = recorded_dataset(context.instance, self.storage(context), key, windows, allow_missing=True)
        return found.readable()

    def journal(self, context: dg.AssetExecutionContext) -> Journal:
        """Return the run's ledger, with the run noted in it."""
        journal = Journal(engine(), self.settings.name, context.run.run_id)
        journal.begin(context.partition_keys, self._about(context))
        return journal

    def _about(self, context: dg.AssetExecutionContext) -> About:
        tags = context.run.tags
        return About(
            kind=tags.get(KIND_TAG) or ("sync" if self.is_going_to_write(context) else "plan"),
            of_run=tags.get(OF_RUN_TAG),
            settings=self.settings.model_dump(mode="json"),
        )


def unannotated(
    decorate: Callable[[Callable[..., Any]], dg.AssetsDefinition],
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Return a decorator that takes the function's return annotation away first.

    Where there are checks, Dagster 1.13 counts them among the outputs that a tuple must name, reads the annotation
    MaterializeResult as "stores nothing" and refuses MaterializeResult[Dataset]; without an annotation it stores the
    values and reports the checks.
    """

    def asset(function: Callable[..., Any]) -> dg.AssetsDefinition:
        function.__annotations__.pop("return", None)
        return decorate(function)

    return asset


def _assets_of_run(context: dg.AssetExecutionContext) -> Iterable[dg.AssetKey]:
    """Return the assets that the run materialises, this one and others."""
    return context.job_def.asset_layer.executable_asset_keys


@contextmanager
def counted(journal: Journal, system: str, counts: RequestCounts) -> Iterator[None]:
    """Add the requests that the run's summary does not know yet to it after this block, also when it fails.

    Those sent before the block, such as the reading of the account, count too: the figures are the whole truth.
    """
    try:
        yield
    finally:
        journal.add_to_summary({"requests": {system: counts.unreported()}})


def visma_key(connection: str) -> str:
    """Return the resource key of a connection's Visma company."""
    return f"{connection}_visma"


def hubspot_key(connection: str) -> str:
    """Return the resource key of a connection's HubSpot portal."""
    return f"{connection}_hubspot"
