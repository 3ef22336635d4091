"""A connection as Dagster definitions: one explicit function, and the component its owner writes in YAML."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import BaseModel

from ml_connector.automation import build_job, build_sensor
from ml_connector.hubspot import assets as hubspot_assets
from ml_connector.hubspot.loads import loads_of
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.instance import RunLifeResource
from ml_connector.options import OPTIONS, RunOptions
from ml_connector.partitions import partitions_of
from ml_connector.plan import assets as plan_assets
from ml_connector.reconciliation import assets as reconciliation_assets
from ml_connector.records import assets as record_assets
from ml_connector.settings import ConnectionSettings
from ml_connector.step import IO_MANAGER, RUN_LIFE, hubspot_key, visma_key
from ml_connector.storage import ParquetIOManager
from ml_connector.undo import assets as undo_assets
from ml_connector.visma import assets as visma_assets
from ml_connector.visma.resource import VismaResource

SHARED_RESOURCES: Mapping[str, Any] = {
    IO_MANAGER: ParquetIOManager(),
    RUN_LIFE: RunLifeResource(),
    OPTIONS: RunOptions.configure_at_launch(),
}
"""One object each for all connections: Dagster merges definitions only if equal keys mean the same object."""


def build_defs(settings: ConnectionSettings, *, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return the definitions of one connection: assets, checks, jobs, sensor and resources.

    Args:
        settings: the connection.
        resources: overrides by resource key, such as a client of a test; see :mod:`ml_connector.step`.
    """
    partitions = partitions_of(settings)
    steps = (visma_assets, record_assets, plan_assets, hubspot_assets, reconciliation_assets, undo_assets)
    assets = [asset for step in steps for asset in step.build_assets(settings, partitions)]
    own = {
        visma_key(settings.name): VismaResource(connection=settings.name),
        hubspot_key(settings.name): HubSpotResource(
            connection=settings.name,
            portal_id=settings.portal_id,
            requests_in_flight=settings.requests_in_flight,
        ),
    }
    return dg.Definitions(
        assets=assets,
        jobs=[
            build_job(settings),
            reconciliation_assets.build_job(settings),
            undo_assets.build_job(settings),
        ],
        sensors=[build_sensor(settings, partitions, ends_of(settings))],
        resources={**SHARED_RESOURCES, **own, **(resources or {})},
        executor=dg.in_process_executor,
    )


def ends_of(settings: ConnectionSettings) -> list[dg.AssetKey]:
    """Return the keys of a connection's loads: a window that one of them has not materialised is not done."""
    return [dg.AssetKey([settings.name, "hubspot", load.entity]) for load in loads_of(settings)]


class VismaHubSpotConnection(dg.Component):
    """One Visma company and one HubSpot portal, carried from the first to the second.

    Its attributes are :class:`ml_connector.settings.ConnectionSettings`; credentials are not among them.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the type of the attributes, by which Dagster checks the YAML with line numbers."""
        return ConnectionSettings

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "VismaHubSpotConnection":
        """Return the component of checked attributes."""
        if not isinstance(attributes, ConnectionSettings):
            raise TypeError("a connection needs attributes: at least name and start")
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the connection."""
        return build_defs(self.settings)
