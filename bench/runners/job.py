"""ml-connector as it runs every day: the Dagster job from Visma to HubSpot, plan and ledger included.

The rows come from Visma, where the bench has entered them; those of the request are only counted. The time is that of
the load steps, which do what the other candidates do.
"""

from bench.job import JobRequest, first_window
from bench.job import run as run_job
from bench.runners import Claim, Job, main
from bench.works import Kind

ENTITIES = {Kind.COMPANIES: "companies", Kind.LINKED_CONTACTS: "contacts"}


def run(job: Job, claim: Claim) -> None:
    """Sync the one window that holds everything."""
    window = first_window()
    report = run_job(JobRequest(job.url, job.home, window, window))
    entity = ENTITIES[job.kind]
    claim.ok = report.count(entity, "created", "updated", "unchanged")
    claim.failed = report.count(entity, "rejected", "pending", "conflicts")
    claim.named = report.refused
    claim.seconds = report.load_seconds
    claim.error = report.error


if __name__ == "__main__":
    main(run)
