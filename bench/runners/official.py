"""HubSpot's own Python client, hubspot-api-client 12, in the loop anyone would write: chunks of 100, one at a time.

A chunk that raises is noted and the loop goes on, which is already more careful than many such loops.
"""

from collections.abc import Callable, Sequence
from typing import Any

import hubspot
from hubspot.crm.associations.v4.models import AssociationSpec, PublicObjectId
from hubspot.crm.associations.v4.models import BatchInputPublicAssociationMultiPost as Links
from hubspot.crm.associations.v4.models import PublicAssociationMultiPost as Link
from hubspot.crm.companies import BatchInputSimplePublicObjectBatchInputUpsert as CompanyBatch
from hubspot.crm.companies import BatchReadInputSimplePublicObjectId as CompanyIds
from hubspot.crm.companies import SimplePublicObjectBatchInputUpsert as CompanyRow
from hubspot.crm.companies import SimplePublicObjectId as CompanyId
from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInputUpsert as ContactBatch
from hubspot.crm.contacts import SimplePublicObjectBatchInputUpsert as ContactRow

from bench.runners import Claim, Job, chunks, main
from bench.works import COMPANY_KEY, CONTACT_KEY, CONTACT_TO_COMPANY, Kind, Row


def client_for(job: Job) -> Any:
    """Return the client, unchanged but for the host: every part of it makes a configuration of its own."""
    from hubspot.crm.associations.v4 import configuration as links
    from hubspot.crm.companies import configuration as companies
    from hubspot.crm.contacts import configuration as contacts

    for module in (links, companies, contacts):
        _point_at(module.Configuration, job.url)
    return hubspot.Client.create(access_token=job.token)


def _point_at(configuration: Any, url: str) -> None:
    original = configuration.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.host = self._base_path = url
        self.server_index = None

    configuration.__init__ = init


def run(job: Job, claim: Claim) -> None:
    """Write the job's rows."""
    client = client_for(job)
    if job.kind is Kind.COMPANIES:
        upsert = _upsert(client.crm.companies.batch_api, CompanyBatch, CompanyRow, COMPANY_KEY)
        _each_chunk(claim, job.rows, lambda chunk: len(upsert(chunk)))
        return
    company_ids = _company_ids(client, sorted({row.company for row in job.rows if row.company}))
    upsert = _upsert(client.crm.contacts.batch_api, ContactBatch, ContactRow, CONTACT_KEY)

    def upsert_and_link(chunk: Sequence[Row]) -> int:
        stored = {result.properties[CONTACT_KEY]: result.id for result in upsert(chunk)}
        inputs = [
            _link(stored[row.key], company_ids[row.company])
            for row in chunk
            if row.company and row.key in stored
        ]
        client.crm.associations.v4.batch_api.create("contacts", "companies", Links(inputs=inputs))
        return len(stored)

    _each_chunk(claim, job.rows, upsert_and_link)


def _upsert(api: Any, batch: Any, row: Any, key: str) -> Callable[[Sequence[Row]], list[Any]]:
    def upsert(chunk: Sequence[Row]) -> list[Any]:
        inputs = [
            row(id_property=key, id=item.key, properties={**item.properties, key: item.key}) for item in chunk
        ]
        return list(api.upsert(batch(inputs=inputs)).results)

    return upsert


def _each_chunk(claim: Claim, rows: Sequence[Row], write: Callable[[Sequence[Row]], int]) -> None:
    """Count a chunk by what came back; a chunk that raises has failed whole, and nobody can say for which row."""
    for chunk in chunks(rows):
        try:
            written = write(chunk)
        except Exception as error:
            claim.failed += len(chunk)
            claim.error = type(error).__name__
        else:
            claim.ok += written
            claim.failed += len(chunk) - written


def _link(contact: str, company: str) -> Any:
    spec = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=CONTACT_TO_COMPANY)
    return Link(_from=PublicObjectId(id=contact), to=PublicObjectId(id=company), types=[spec])


def _company_ids(client: Any, keys: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(keys), 100):
        wanted = [CompanyId(id=key) for key in keys[start : start + 100]]
        answer = client.crm.companies.batch_api.read(
            CompanyIds(
                id_property=COMPANY_KEY, properties=[COMPANY_KEY], properties_with_history=[], inputs=wanted
            )
        )
        found |= {result.properties[COMPANY_KEY]: result.id for result in answer.results}
    return found


if __name__ == "__main__":
    main(run)
