"""The step ``hubspot``: ensure the properties, then carry out the plans. The only step that writes outside."""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg

from ml_connector.database import engine
from ml_connector.hubspot.counts import LoadCounts
from ml_connector.hubspot.linking import LinkLoader
from ml_connector.hubspot.loading import RecordLoader
from ml_connector.hubspot.lost import settle_lost_intents
from ml_connector.hubspot.properties import ensure
from ml_connector.hubspot.visma_group import COMPANY_PROPERTIES, CONTACT_PROPERTIES, GROUP
from ml_connector.ledger.queries import LedgerReader
from ml_connector.plan.operations import Operation
from ml_connector.settings import ConnectionSettings
from ml_connector.step import Step, counted
from ml_connector.storage import Dataset

TYPE_IDS = {"companies": "0-2", "contacts": "0-1", "links": "0-1"}
"""Type ids in the addresses of records (reference: hubspot 2)."""

ACCOUNTED = "every_record_accounted_for"
NO_REJECTS = "no_rejects"


def build_assets(
    settings: ConnectionSettings, partitions: dg.TimeWindowPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Return the load assets of a connection."""
    portal = settings.portal_id or settings.name
    step = Step("hubspot", settings, partitions, kinds=("hubspot",), pool=f"hubspot_{portal}")
    return [_properties(step), _companies(step), _contacts(step)]


def _properties(step: Step) -> dg.AssetsDefinition:
    @step.asset(
        "properties",
        'The properties this connection needs in HubSpot: the group "Visma", unique ids, and their types, ensured.',
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


def _companies(step: Step) -> dg.AssetsDefinition:
    key = step.key("hubspot", "companies")

    @step.asset(
        "companies",
        "HubSpot's companies, brought to the plan.",
        ins={"plan": step.key("plan", "companies")},
        deps=[step.key("hubspot", "properties")],
        check_specs=_checks(key),
    )
    def load(context: dg.AssetExecutionContext, plan: Dataset) -> dg.MaterializeResult[None]:
        def carry_out(loader: RecordLoader, links: LinkLoader) -> dict[str, LoadCounts]:
            return {"companies": loader.load("companies", _operations(plan, "companies"))}

        return _load(context, step, carry_out)

    return load


def _contacts(step: Step) -> dg.AssetsDefinition:
    key = step.key("hubspot", "contacts")

    @step.asset(
        "contacts",
        "HubSpot's contacts, brought to the plan, and their links to companies.",
        ins={"plan": step.key("plan", "contacts")},
        deps=[step.key("hubspot", "properties"), step.key("hubspot", "companies")],
        check_specs=_checks(key),
    )
    def load(context: dg.AssetExecutionContext, plan: Dataset) -> dg.MaterializeResult[None]:
        def carry_out(loader: RecordLoader, links: LinkLoader) -> dict[str, LoadCounts]:
            contacts = loader.load("contacts", _operations(plan, "contacts"))
            made = links.load(_operations(plan, "links"), frozenset(loader.created_ids))
            return {"contacts": contacts, "links": made}

        return _load(context, step, carry_out)

    return load


def _load(
    context: dg.AssetExecutionContext,
    step: Step,
    carry_out: Callable[[RecordLoader, LinkLoader], dict[str, LoadCounts]],
) -> dg.MaterializeResult[None]:
    """Carry out a plan as the portal's one writer and explain what became of it."""
    client = step.hubspot(context).get_client()
    ledger = LedgerReader(engine(), step.settings.name)
    journal = step.journal(context)
    with counted(journal, "hubspot", client.requests):
        settle_lost_intents(client, journal)
        merging = step.settings.merging
        policies = {"companies": merging.companies, "contacts": merging.contacts}
        loader = RecordLoader(client, journal, ledger, context.run.run_id, policies)
        counts = carry_out(loader, LinkLoader(client, journal, ledger, context.run.run_id))
    journal.add_to_summary({"entities": {name: count.as_dict() for name, count in counts.items()}})
    return dg.MaterializeResult(metadata=_metadata(counts, step, context), check_results=_results(counts))


def _operations(plan: Dataset, entity: str) -> Iterator[Operation]:
    return (Operation.from_row(row) for row in plan.rows() if row["entity"] == entity)


def _checks(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            ACCOUNTED,
            asset=key,
            description="read = written + unchanged + skipped + rejected + pending + conflicts",
        ),
        dg.AssetCheckSpec(
            NO_REJECTS,
            asset=key,
            description="Nothing was refused, is in conflict or waits; causes in plain words.",
        ),
    ]


def _results(counts: dict[str, LoadCounts]) -> list[dg.AssetCheckResult]:
    bad = {
        name: count for name, count in counts.items() if count.rejected or count.pending or count.conflicts
    }
    causes = {f"{name}: {cause}": many for name, count in bad.items() for cause, many in count.causes.items()}
    return [
        dg.AssetCheckResult(
            check_name=ACCOUNTED,
            passed=all(count.adds_up for count in counts.values()),
            metadata={name: count.sentence() for name, count in counts.items()},
        ),
        dg.AssetCheckResult(
            check_name=NO_REJECTS,
            passed=not bad,
            metadata={
                "causes": dg.MetadataValue.md(
                    "\n".join(f"- {many} x {cause}" for cause, many in sorted(causes.items())) or "none"
                )
            },
        ),
    ]


def _metadata(counts: dict[str, LoadCounts], step: Step, context: dg.AssetExecutionContext) -> dict[str, Any]:
    account = step.hubspot(context).get_account()
    client = step.hubspot(context).get_client()
    samples = [
        f"- [{key}]({account.record_url(TYPE_IDS[entity], hubspot_id)})"
        for entity, count in counts.items()
        for key, hubspot_id in count.samples.items()
    ]
    figures = {
        f"{entity}: {name}": many
        for entity, count in counts.items()
        for name, many in count.as_dict().items()
        if many
    }
    return {
        **figures,
        "HubSpot calls of the run so far": client.requests.calls,
        "HubSpot writes of the run so far": client.requests.writes,
        "answers 429": client.requests.throttled,
        "some of what was written": dg.MetadataValue.md("\n".join(samples) or "nothing was written"),
    }
