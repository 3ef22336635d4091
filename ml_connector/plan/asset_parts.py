"""What the assets of plans share: who does not travel, the shield, storing a plan, its page and its check."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from ml_connector.chunks import chunks
from ml_connector.database import engine
from ml_connector.hubspot.resource import HubSpotResource
from ml_connector.ledger.journal import Journal
from ml_connector.ledger.queries import LedgerReader
from ml_connector.ledger.synced import SyncedReader
from ml_connector.ledger.taking import TakingReader
from ml_connector.ledger.usual import UsualReader
from ml_connector.plan import breaker
from ml_connector.plan.bookings import BookingPlanner
from ml_connector.plan.changes import Figures
from ml_connector.plan.decided import ignored_companies
from ml_connector.plan.invoices import InvoicePlanner
from ml_connector.plan.operations import PLAN_SCHEMA, Operation
from ml_connector.plan.page import Heading, plan_page
from ml_connector.plan.retry import only_about
from ml_connector.plan.shield import Shield
from ml_connector.plan.taken import NotTaken
from ml_connector.plan.tally import Tally
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset

NO_MASS_CHANGE = "no_mass_change"

WRITTEN = 1000
"""Operations handed to the writer at once."""

PLANNED = {
    "read": "read",
    "created": "to create",
    "updated": "to update",
    "unchanged": "unchanged",
    "skipped": "skipped",
    "rejected": "that cannot be sent",
    "pending": "waiting",
    "conflicts": "in conflict",
    "archived": "to take away",
}
"""How the counts of a plan read in its metadata: nothing has been done yet."""


def checks(step: Step, entity: str) -> list[dg.AssetCheckSpec]:
    """Return the check that stops a run which would change far more than usual."""
    return [
        dg.AssetCheckSpec(
            NO_MASS_CHANGE,
            asset=step.key("plan", entity),
            description="No more would change than is usual; else nothing is written until a person says yes.",
            blocking=True,
        )
    ]


def shield(step: Step, hubspot: HubSpotResource, object_type: str) -> Shield:
    """Return what keeps the values that people changed."""
    policies = step.settings.merging.policies(object_type)
    synced = SyncedReader(engine(), step.settings.name)
    return Shield(object_type, policies, hubspot.get_client(), synced)


def where_some_are_left_out(step: Step) -> dict[str, dg.AssetKey]:
    """Return the plan of companies as an input, where the settings take some customers or suppliers only."""
    taken = step.settings.take
    filters = taken.filters_customers or taken.filters_suppliers
    return {"companies": step.key("plan", "companies")} if filters else {}


def who_does_not_travel(step: Step, *companies: Dataset) -> NotTaken:
    """Return who does not travel, as the run's plan of companies says, the ledger remembers, and people decided."""
    settings = step.settings
    ignored = ignored_companies(LedgerReader(engine(), settings.name))
    found = NotTaken(settings.take, TakingReader(engine(), settings.name), ignored)
    return found if found.takes_all else found.read(companies)


def write_plan(
    context: dg.AssetExecutionContext,
    step: Step,
    operations: Iterable[Operation],
    planner: InvoicePlanner | BookingPlanner[Any] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dg.MaterializeResult[Dataset]:
    """Store a plan and show its counts; a record that was rejected in an older window goes into the newest one."""
    journal = step.journal(context)
    client = step.hubspot(context).get_client()
    keys = set(context.partition_keys)
    newest = context.partition_keys[-1]
    tally = Tally()
    if (retried := step.refused(context).retried()) is not None:
        operations = only_about(operations, retried)
    with step.writer(context, PLAN_SCHEMA) as out, counted(journal, "hubspot", client.requests):
        for some in chunks(operations, WRITTEN):
            tally.add(some)
            by_partition: dict[str, list[dict[str, Any]]] = {}
            for operation in some:
                place = operation.partition if operation.partition in keys else newest
                by_partition.setdefault(place, []).append(operation.to_row())
            for partition, rows in by_partition.items():
                out.write(partition, rows)
    journal.add_to_summary({"planned": tally.counts()})
    dropped = planner.dropped if planner is not None else ()
    verdict = _usual(context, step, tally, journal)
    return dg.MaterializeResult(
        value=out.dataset,
        metadata={
            **(notes or {}),
            "as a page": dg.MetadataValue.path(_page(context, step, tally, verdict)),
            **{
                f"{entity} {PLANNED[name]}": many
                for entity, counts in tally.counts().items()
                for name, many in counts.items()
                if many
            },
            "reasons": dg.MetadataValue.md(tally.listed_reasons()),
            **({"values this portal keeps for itself": ", ".join(sorted(dropped))} if dropped else {}),
            "calls to HubSpot in this run so far": client.requests.calls,
        },
        check_results=[verdict],
    )


def _page(context: dg.AssetExecutionContext, step: Step, tally: Tally, verdict: dg.AssetCheckResult) -> str:
    """Write the plan as a page beside the connection's other files and return where it is."""
    entity, run_id = context.asset_key.path[-1], context.run.run_id
    keys = context.partition_keys
    heading = Heading.of_run(
        connection=step.settings.name,
        windows=keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}",
        run_id=run_id,
        planned_at=f"{datetime.now(step.settings.zone):%Y-%m-%d %H:%M} {step.settings.timezone}",
    )
    account = step.hubspot(context).get_account()
    alarms = [] if verdict.passed else [str(verdict.description)]
    document = plan_page(heading, tally.views(), account.address_of, alarms)
    place = f"{step.settings.name}/pages/plan/{run_id}/{entity}.html"
    return step.storage(context).write_document(place, document)


def _usual(
    context: dg.AssetExecutionContext, step: Step, tally: Tally, journal: Journal
) -> dg.AssetCheckResult:
    """Compare a plan with recent runs; the result stops a run that is going to write, unless a person said yes."""
    usual = UsualReader(engine(), step.settings.name)
    limits = step.settings.limits
    found: list[str] = []
    figures: dict[str, Figures] = {}
    for entity, planned in tally.entities.items():
        known = usual.of(entity, planned.view.object_type)
        found.extend(breaker.alarms(entity, planned.changes, known, limits))
        figures[entity] = known.with_known(planned.changes)
    accepted = step.options(context).accept_mass_change
    if not found:
        journal.add_to_summary({"changes": figures})
    writes = step.is_going_to_write(context)
    return dg.AssetCheckResult(
        check_name=NO_MASS_CHANGE,
        passed=not found or accepted,
        severity=dg.AssetCheckSeverity.ERROR if writes else dg.AssetCheckSeverity.WARN,
        description=breaker.sentence(found) if found else "What would change is usual.",
        metadata={
            "far more than usual": dg.MetadataValue.md("\n".join(f"- {one}" for one in found) or "nothing")
        },
    )
