"""The step ``hubspot``: ensure the properties, then carry out the plans. The only step that writes outside."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ml_connector.database import engine
from ml_connector.errors import ConnectorError
from ml_connector.hubspot.counts import SAMPLES
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.loads import Counts, Hands, Load, loads_of, policies, proposing
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.opening import Openings
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.report import causes_listed
from ml_connector.hubspot.visma_group import COMPANY_PROPERTIES, CONTACT_PROPERTIES, GROUP
from ml_connector.ledger.backlog import Backlog
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.refusals import Refusals
from ml_connector.ledger.rejects import Rejects, by_entity
from ml_connector.ledger.runs import RunReader
from ml_connector.ledger.synced import SyncedReader
from ml_connector.ledger.wholeness import WholenessReader
from ml_connector.plan.refreshed import FRESH, Replanner
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset

SHOWN_AS = {
    "links": "contacts",
    "purchases": "companies",
    "openings": "invoices",
    "payments": "commerce_payments",
}
"""Entities whose samples lead to records of an object with another name."""

ACCOUNTED = "every_record_accounted_for"
NO_REJECTS = "no_rejects"


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the load assets of a connection."""
    portal = settings.portal_id or settings.name
    step = Step("hubspot", settings, partitions, kinds=("hubspot",), pool=f"hubspot_{portal}")
    loads = loads_of(settings)
    return [_properties(step, [load.entity for load in loads]), *(_load_asset(step, load) for load in loads)]


def _properties(step: Step, planned: Sequence[str]) -> dg.AssetsDefinition:
    """Return the asset that writes first, and therefore after everything is planned: a plan may stop the run."""

    @step.asset(
        "properties",
        'The properties in HubSpot\'s group "Visma" that this connection fills; what is missing is made.',
        deps=[step.key("plan", entity) for entity in planned],
    )
    def properties(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        client = step.hubspot(context).get_client()
        with counted(step.journal(context), "hubspot", client.requests):
            report = ensure(client, GROUP, (*COMPANY_PROPERTIES, *CONTACT_PROPERTIES))
        report.require()
        return dg.MaterializeResult(
            metadata={
                "created": ", ".join(report.created) or "nothing was missing",
                "options added": ", ".join(report.options_added) or "none",
            }
        )

    return properties


def _load_asset(step: Step, load: Load) -> dg.AssetsDefinition:
    @step.asset(
        load.entity,
        load.description,
        ins={"plan": step.key("plan", load.entity)},
        deps=[step.key("hubspot", name) for name in ("properties", *load.after)],
        check_specs=_checks(step.key("hubspot", load.entity)),
    )
    def loaded(context: dg.AssetExecutionContext, plan: Dataset) -> dg.MaterializeResult[None]:
        return _carry_out(context, step, load, plan)

    return loaded


def _carry_out(
    context: dg.AssetExecutionContext, step: Step, load: Load, plan: Dataset
) -> dg.MaterializeResult[None]:
    """Carry out a plan as the portal's one writer and explain what became of it."""
    client = step.hubspot(context).get_client()
    name, run_id = step.settings.name, context.run.run_id
    ledger = LedgerReader(engine(), name)
    journal = step.journal(context)
    old = _is_old(context, step.key("plan", load.entity), plan)
    hands = Hands(
        settings=step.settings,
        client=client,
        ledger=ledger,
        refusals=Refusals(engine(), name, client.token_mark),
        backlog=Backlog(engine(), name),
        records=RecordLoader(
            client, journal, ledger, run_id, policies(step.settings), proposing(step.settings)
        ),
        links=LinkLoader(client, journal, ledger, run_id),
        openings=Openings(client, journal, WholenessReader(engine(), name), run_id),
        replanner=Replanner(step.settings, ledger, client, SyncedReader(engine(), name)) if old else None,
        whole=step.retried(context) is None,
    )
    with counted(journal, "hubspot", client.requests):
        settle_lost_intents(client, journal)
        _require_standing(context, step, step.key("plan", load.entity), plan)
        counts = load.carry_out(hands, plan)
    journal.add_to_summary({"entities": {entity: count.as_dict() for entity, count in counts.items()}})
    return dg.MaterializeResult(
        metadata=_metadata(counts, step, context), check_results=_results(counts, step, context, journal)
    )


def _is_old(context: dg.AssetExecutionContext, planned: dg.AssetKey, plan: Dataset) -> bool:
    """Return whether a plan is of another run, or of a step of this one that ended some time ago."""
    if any(file.run_id != context.run.run_id for file in plan.files):
        return True
    (step,) = context.instance.get_run_step_stats(context.run.run_id, ["__".join(planned.path)])
    return step.end_time is not None and time.time() - step.end_time > FRESH.total_seconds()


def _require_standing(
    context: dg.AssetExecutionContext, step: Step, planned: dg.AssetKey, plan: Dataset
) -> None:
    """Check that no run was undone since a plan was made: it leaves out what HubSpot held then and holds no more.

    An undo that was broken off counts from when its lost answers were read back.

    Raises:
        ConnectorError: one was; nothing of the plan is carried out.
    """
    runs = {context.run.run_id, *(file.run_id for file in plan.files)}
    name = "__".join(planned.path)
    stats = [one for run in runs for one in context.instance.get_run_step_stats(run, [name])]
    made = min((one.start_time for one in stats if one.start_time is not None), default=None)
    if made is None:
        return
    undo = RunReader(engine(), step.settings.name).undone_since(datetime.fromtimestamp(made, UTC))
    if undo is not None:
        raise ConnectorError(
            f"Run {undo.run_id[:8]} has taken back what run {str(undo.of_run)[:8]} wrote, "
            "which was not known when this was planned.",
            remedy="Nothing of the plan is carried out; run the same windows again with their plan.",
        )


def _checks(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            ACCOUNTED,
            asset=key,
            description="Every record read was created, updated, unchanged, skipped, rejected, pending or in conflict.",
        ),
        dg.AssetCheckSpec(
            NO_REJECTS,
            asset=key,
            description="No record is refused, in conflict or waiting; else why, since when, and which ones.",
        ),
    ]


def _results(
    counts: Counts, step: Step, context: dg.AssetExecutionContext, journal: Journal
) -> list[dg.AssetCheckResult]:
    """Say whether all is accounted for, and what is refused: by this run, or before and not tried in it."""
    name, now = step.settings.name, datetime.now(UTC)
    rejects = Rejects(engine(), name, step.settings.model_dump(mode="json"))
    refused = rejects.groups(entities=counts)
    untried = rejects.groups(entities=counts, but_for_run=context.run.run_id)
    if step.retried(context) is None:
        journal.add_to_summary({"waiting": by_entity(untried)})
    causes = causes_listed(refused, rejects.keys(SAMPLES, entities=counts), counts, now)
    tries = [group.next_try for group in untried if group.next_try is not None]
    return [
        dg.AssetCheckResult(
            check_name=ACCOUNTED,
            passed=all(count.adds_up for count in counts.values()),
            metadata={name: count.sentence() for name, count in counts.items()},
        ),
        dg.AssetCheckResult(
            check_name=NO_REJECTS,
            passed=not causes,
            metadata={
                **{f"{entity}: how many": many for entity, count in counts.items() if (many := count.bad)},
                **({"not tried in this run": sum(group.count for group in untried)} if untried else {}),
                **({"the first of them is due": f"{min(tries):%Y-%m-%d %H:%M} UTC"} if tries else {}),
                "causes": dg.MetadataValue.text(causes or "none"),
                "every one by name": f"ml-connector rejects {name} list",
                **({"to try them at once": f"ml-connector rejects {name} retry --all"} if refused else {}),
            },
        ),
    ]


def _metadata(counts: Counts, step: Step, context: dg.AssetExecutionContext) -> dict[str, Any]:
    account = step.hubspot(context).get_account()
    client = step.hubspot(context).get_client()
    samples = [
        f"- [{key}]({address})"
        for entity, count in counts.items()
        for key, hubspot_id in count.samples.items()
        if (address := account.address_of(SHOWN_AS.get(entity, entity), hubspot_id)) is not None
    ]
    figures = {
        f"{entity}: {name}": many
        for entity, count in counts.items()
        for name, many in count.as_dict().items()
        if many
    }
    return {
        **figures,
        "calls to HubSpot in this run so far": client.requests.calls,
        "of these, writes": client.requests.writes,
        "of these, answered with 429 (too many)": client.requests.throttled,
        "some of what was written": dg.MetadataValue.md("\n".join(samples) or "nothing was written"),
    }
