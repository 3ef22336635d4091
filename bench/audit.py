"""How long an audit takes in a ledger of millions of operations, on the real database with made-up rows.

The rows are made by the database itself. Their mix is that of a company with 100,000 customers and half a million
documents after some years; one customer has had 2,000 operations and has 100,000 links.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from bench.figures import Figure, at_most, exactly, seconds_here, shown
from bench.job import ROOT
from bench.processes import temporary_home

CONNECTION = "type: ml_connector.VismaHubSpotConnection\nattributes:\n  name: acme\n  start: 2026-11-01\n"

MOST_SECONDS = 1.0
CUSTOMERS = 100_000
RUNS = 2_000
BIG = 100_000
"""Operations of each of the two runs that are compared."""

BUSY = "customer:busy"
DAYS = tuple(f"2026-11-{day:02}" for day in range(1, 21))
TRIES = 5

COMMAND = ("audit", "acme", "--record", "customer:77", "--offline", "--json")

FILL = (
    """
    INSERT INTO ml_connector.run (run_id, connection, partition_from, partition_to, partitions, started_at, finished_at,
                                  status, kind, version, settings)
    SELECT name, 'acme', '2026-11-01', '2026-11-01', 1, now(), now(), 'done', 'sync', '0.1.0', '{"name": "acme"}'
    FROM (SELECT 'run-' || number AS name FROM generate_series(1, :runs) AS number
          UNION ALL VALUES ('big-a'), ('big-b')) AS names
    """,
    """
    INSERT INTO ml_connector.operation
      (run_id, connection, partition, entity, record_key, object_type, action, rule, trace_id, status, hubspot_id,
       properties, previous, http_status, intended_at, finished_at, stamp)
    SELECT CASE WHEN n <= :big THEN 'big-a' WHEN n <= 2 * :big THEN 'big-b' ELSE 'run-' || 1 + n % :runs END, 'acme',
           '2026-11-' || lpad((1 + n / 5 / :customers % 20)::text, 2, '0'),
           (ARRAY['companies', 'links', 'invoices', 'invoices', 'line_items'])[1 + n % 5],
           CASE n % 5 WHEN 0 THEN 'customer:' || who WHEN 1 THEN 'contact:' || who || '>customer:' || who
                      WHEN 4 THEN 'line:Invoice:' || paper || '\\:1' ELSE 'invoice:' || paper END,
           (ARRAY['companies', 'contacts', 'invoices', 'invoices', 'line_items'])[1 + n % 5],
           CASE n % 5 WHEN 1 THEN 'link' ELSE 'update' END, 'visma_id', 'trace-' || n, 'confirmed',
           (900000 + who)::text,
           jsonb_build_object('name', 'Fjord ' || n, 'city', 'Bergen', 'visma_last_modified', now()),
           jsonb_build_object('name', 'Fjell ' || n, 'city', 'Oslo'), 200, now(), now(), now()
    FROM generate_series(1, :operations) AS n,
         LATERAL (SELECT CASE WHEN n > 2 * :big THEN n ELSE n % :big END / 5 AS record) AS of_record,
         LATERAL (SELECT record % :customers AS who, record % (5 * :customers) AS paper) AS of
    """,
    """
    INSERT INTO ml_connector.operation (run_id, connection, partition, entity, record_key, object_type, action,
                                        trace_id, status, properties, intended_at, stamp)
    SELECT 'run-' || n, 'acme', '2026-11-20', 'companies', :busy, 'companies', 'update', 'busy-' || n, 'confirmed',
           jsonb_build_object('name', 'Busy ' || n), now(), now() FROM generate_series(1, 2000) AS n
    """,
    """
    INSERT INTO ml_connector.identity (connection, object_type, record_key, hubspot_id, properties, stamp, updated_at)
    SELECT 'acme', 'companies', 'customer:' || n, (900000 + n)::text, jsonb_build_object('name', 'Fjord'), now(), now()
    FROM generate_series(1, :customers) AS n
    UNION ALL SELECT 'acme', 'companies', :busy, '1', jsonb_build_object('name', 'Busy'), now(), now()
    UNION ALL SELECT 'acme', 'invoices', 'invoice:' || n, (5000000 + n)::text, '{}'\\:\\:jsonb, now(), now()
    FROM generate_series(1, 5 * :customers) AS n
    """,
    """
    INSERT INTO ml_connector.link (connection, from_type, from_key, to_type, to_key, status, updated_at)
    SELECT 'acme', 'invoices', 'invoice:' || n, 'companies',
           CASE WHEN n <= 100000 THEN :busy ELSE 'customer:' || n % :customers END, 'confirmed', now()
    FROM generate_series(1, 5 * :customers) AS n
    """,
)


def audit(operations: int) -> list[Figure]:
    """Audit records and runs in a ledger of so many operations, in a process of its own with a home of its own."""
    with temporary_home() as home:
        defs = home / "connections" / "acme" / "defs.yaml"
        defs.parent.mkdir(parents=True)
        defs.write_text(CONNECTION, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "bench.audit", str(operations)],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("ML_CONNECTOR_")},
                "ML_CONNECTOR_HOME": str(home),
                "ML_CONNECTOR_DEFS": str(defs.parent.parent),
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return [Figure(**figure) for figure in json.loads(done.stdout)]


def main() -> None:
    """Fill the ledger, ask, and print the figures as JSON."""
    from ml_connector.database import engine

    began = time.monotonic()
    with engine().begin() as database:
        for statement in FILL:
            values = {"customers": CUSTOMERS, "runs": RUNS, "big": BIG, "busy": BUSY}
            database.execute(sa.text(statement), {"operations": int(sys.argv[1]), **values})
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as database:
        database.execute(sa.text("VACUUM ANALYZE"))
    _snapshots()
    filled = time.monotonic() - began
    figures = [
        shown("audit", "operations in the ledger", f"{_count(engine()):,}"),
        *_of_records(),
        seconds_here("audit", "CPU of one by the command, its start included", _command(), ""),
        *_of_runs(),
        seconds_here("audit", "making the ledger", filled, ""),
    ]
    print(json.dumps([asdict(figure) for figure in figures]))


def _snapshots() -> None:
    """Store twenty windows: the first holds every customer, each other one a thousand of them, in another town."""
    from ml_connector.dataset_writer import Storage
    from ml_connector.visma.extract import SNAPSHOT_SCHEMA

    for day, window in enumerate(DAYS):
        with Storage().writer(
            ("acme", "visma", "customers"), [window], f"run-{day + 1}", SNAPSHOT_SCHEMA
        ) as writer:
            for start in range(0, CUSTOMERS if day == 0 else 1_000, 1_000):
                writer.write(
                    window, [_customer(number, day, window) for number in range(start, start + 1_000)]
                )


def _customer(number: int, day: int, window: str) -> dict[str, Any]:
    row = {
        "number": str(number),
        "name": f"Fjord {number}",
        "mainAddress": {"city": f"Town {day}"},
        "note": "x" * 900,
    }
    return {
        "key": str(number),
        "modified": f"{window}T10:00:00",
        "partition": window,
        "raw": json.dumps(row),
        "names": None,
    }


def _of_records() -> list[Figure]:
    """Time the audit of single records, to their documents and pages, without HubSpot."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from ml_connector.audit.page import record_page
    from ml_connector.audit.reading import audit_record
    from ml_connector.audit.record import document
    from ml_connector.cli.connections import find_connection
    from ml_connector.database import engine
    from ml_connector.dataset_writer import Storage
    from ml_connector.errors import UsageError

    settings = find_connection("acme")
    lengths: dict[str, int] = {}

    def look(typed: str) -> None:
        try:
            found = audit_record(engine(), Storage(), settings, typed, client=None)
        except UsageError:
            lengths[typed] = 0
            return
        json.dumps(document(found))
        record_page(found, ZoneInfo("Europe/Oslo"), datetime.now(UTC))
        lengths[typed] = len(found.events)

    asked = {
        "a customer with ten versions among 119,000 rows": "customer:77",
        "an invoice": "invoice:4711",
        "a line of an invoice, by its short form": "line:4712:1",
        "a number alone": "400001",
        "a customer with 2,000 operations and 100,000 links": BUSY,
        "an unknown record, with the nearest": "customer:777777",
        "a HubSpot id": "hubspot:900088",
    }
    figures = [
        at_most("audit", what, round(_slowest(look, typed), 3), MOST_SECONDS, " s")
        for what, typed in asked.items()
    ]
    return [
        *figures,
        Figure(
            "audit",
            "events of that customer",
            "some",
            f"{lengths['customer:77']}",
            lengths["customer:77"] >= 20,
        ),
        exactly("audit", "questions that scan the whole ledger", _scans(), 0),
    ]


def _slowest(look: Callable[[str], None], typed: str) -> float:
    """Return the longest of a first look, with nothing in any memory of ours, and a few more."""
    times = []
    for _ in range(TRIES):
        began = time.monotonic()
        look(typed)
        times.append(time.monotonic() - began)
    return max(times)


def _scans() -> int:
    """Return how many of the questions about a record the database would answer by reading all operations."""
    from ml_connector.audit import ledger as questions
    from ml_connector.database import engine

    values = {"connection": "acme", "key": "customer:7", "keys": ["customer:7"], "most": 10, "types": []}
    values |= {"start": "contact:7>", "beyond": "contact:7?"}
    found = 0
    with engine().connect() as database:
        for name in ("_OF_KEYS", "_OF_LINKS", "_WINDOWS", "_RUNS", "_KNOWN", "_AFTER", "_BEFORE"):
            statement = sa.text(f"EXPLAIN {getattr(questions, name).text}")
            plan = "\n".join(row[0] for row in database.execute(statement, values))
            found += "Seq Scan on operation" in plan or "Parallel" in plan
    return found


def _of_runs() -> list[Figure]:
    """Time what one run did, and how two runs of 100,000 operations differ."""
    from ml_connector.audit.run import audit_run
    from ml_connector.audit.run_pair import compare_runs
    from ml_connector.database import engine

    with engine().connect() as database:
        began = time.monotonic()
        one = audit_run(database, "acme", "big-a", {})
        middle = time.monotonic()
        pair = compare_runs(database, "acme", ("big-a", "big-b"), {})
        ended = time.monotonic()
    return [
        exactly("audit", "operations of the run looked at", one.operations, BIG),
        seconds_here("audit", "what that run did", middle - began, ""),
        shown(
            "audit", "values two such runs wrote otherwise", f"{sum(one.many for one in pair.properties):,}"
        ),
        seconds_here("audit", "how the two differ", ended - middle, ""),
    ]


def _count(engine: sa.Engine) -> int:
    with engine.connect() as database:
        return int(database.execute(sa.text("SELECT count(*) FROM ml_connector.operation")).scalar_one())


def _command() -> float:
    """Return the CPU seconds of the command in a process of its own, most of which is the start of Dagster."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-c", "from ml_connector.cli import main; main()", *COMMAND],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
