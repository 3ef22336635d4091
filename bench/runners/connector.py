"""ml-connector's own writer, straight from the rows: no plan and no ledger, the batches as the load step sends them.

What the plan and the ledger add (nothing sent for unchanged records, resuming after a kill) shows only with the whole
job.
"""

from collections.abc import Iterable, Iterator, Sequence

from bench.runners import Claim, Job, chunks, main
from bench.works import COMPANY_KEY, CONTACT_KEY, CONTACT_TO_COMPANY, Kind, Row
from ml_connector.hubspot.associations import Link, create_links
from ml_connector.hubspot.batches import Outcome, OutcomeStatus, WriteInput, write_batches
from ml_connector.hubspot.client import HubSpotClient

PLAIN_LINK = (("HUBSPOT_DEFINED", CONTACT_TO_COMPANY),)


def run(job: Job, claim: Claim) -> None:
    """Write the job's rows."""
    client = HubSpotClient(job.token, base_url=job.url)
    if job.kind is Kind.COMPANIES:
        for outcome in _upsert(client, "companies", COMPANY_KEY, job.rows):
            _count(claim, outcome)
        return
    wanted = sorted({row.company for row in job.rows if row.company})
    companies = client.batch_read("companies", wanted, [COMPANY_KEY], id_property=COMPANY_KEY)
    stored: dict[str, str] = {}
    for outcome in _upsert(client, "contacts", CONTACT_KEY, job.rows):
        _count(claim, outcome)
        if outcome.hubspot_id:
            stored[outcome.key] = outcome.hubspot_id
    links = [
        Link(stored[row.key], companies[row.company].id, PLAIN_LINK, f"link {row.key}")
        for row in job.rows
        if row.company in companies and row.key in stored
    ]
    for _, outcomes in create_links(client, "contacts", "companies", links, before=_nothing):
        for outcome in outcomes:
            if outcome.status is not OutcomeStatus.CONFIRMED:
                claim.error = f"a link was {outcome.status}"


def _upsert(client: HubSpotClient, object_type: str, key: str, rows: Sequence[Row]) -> Iterator[Outcome]:
    for _, outcomes in write_batches(client, object_type, _batches(key, rows), before=_nothing):
        yield from outcomes


def _batches(key: str, rows: Sequence[Row]) -> Iterable[list[WriteInput]]:
    for part, chunk in enumerate(chunks(rows)):
        yield [
            WriteInput(f"{part}-{place}", row.key, {**row.properties, key: row.key}, row.key, key)
            for place, row in enumerate(chunk)
        ]


def _nothing(_batch: Sequence[object]) -> None:
    """Take note of a batch before it is sent: the ledger's part, left out here."""


def _count(claim: Claim, outcome: Outcome) -> None:
    if outcome.status is OutcomeStatus.CONFIRMED:
        claim.ok += 1
    else:
        claim.failed += 1
        claim.named.append(outcome.key)


if __name__ == "__main__":
    main(run)
