"""A plan, then a sync on unchanged data: what the ledger says was done is what the plan said, one by one."""

import re
from typing import Any

from ml_connector.plan.operations import Operation
from ml_connector.running import planned_operations
from ml_connector.sandbox.books.settings import BooksSettings
from ml_connector.settings import RecordKind
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import World, empty_company
from ml_connector_tests.graph.money.ledgers import Money

FEW = BooksSettings(
    invoices=12,
    credit_notes=3,
    debit_notes=2,
    payments=8,
    supplier_invoices=3,
    purchase_orders=3,
    gl_batches=3,
)

EVERY_ENTITY = {
    "companies",
    "contacts",
    "links",
    "purchases",
    "invoices",
    "line_items",
    "invoice_links",
    "openings",
    "payments",
    "payment_links",
    "transactions",
    "transaction_links",
}

READ = re.compile(r"GET /|POST /\S+/(search|batch/read|access-token-info)$")
"""What a plan may send; HubSpot tells the scopes of a token by POST."""


def said(operation: Operation) -> tuple[Any, ...]:
    """Return what a plan says of a record: what would be done, by which rule or for which reason, with which values."""
    return (
        operation.entity,
        operation.key,
        str(operation.action),
        operation.rule,
        operation.reason,
        tuple(sorted(operation.values.items())),
        tuple(sorted(operation.previous.items())),
    )


def did(world: World, run_id: str | None) -> list[tuple[Any, ...]]:
    """Return the same of what a run did, by the ledger; the first row of an operation is what was intended."""
    found = world.query(
        "SELECT DISTINCT ON (entity, record_key) entity, record_key, action, rule, reason, properties, previous"
        " FROM ml_connector.operation WHERE run_id = :run ORDER BY entity, record_key, id",
        run=run_id,
    )
    return [
        (*row[:5], tuple(sorted((row[5] or {}).items())), tuple(sorted((row[6] or {}).items())))
        for row in found
    ]


def planned_then_synced(world: World, window: int) -> set[tuple[str, str]]:
    """Plan a window, sync it, hold the two against each other, and return the entities with their actions."""
    world.forget_calls()
    world.plan(window)
    calls = {f"{call.method} {call.path}" for call in world.calls()}
    assert [call for call in calls if not READ.match(call)] == []
    plan = sorted(map(said, planned_operations(world.settings, [rows.day(window)])), key=repr)
    done = sorted(did(world, world.sync(window).run_id), key=repr)
    assert done == plan
    return {(line[0], line[2]) for line in plan}


def test_every_operation_of_the_ledger_is_the_plan_s(make_world: MakeWorld) -> None:
    world = make_world(
        empty_company(
            customers=8,
            suppliers=3,
            books=FEW,
            hubspot={"enterprise": True, "payments_enabled": True},
        ),
        records=list(RecordKind),
        take={"customer_statuses": ["Active", "CreditHold"]},
    )
    money, visma, hubspot = Money(world), world.sandbox.visma, world.sandbox.hubspot
    numbers = visma.keys("customers")
    bill = money.bill(int(numbers[2]), "80", "70")
    first = planned_then_synced(world, 0)
    assert {entity for entity, _ in first} == EVERY_ENTITY

    visma.update("customers", numbers[0], {"name": "Ny AS"}, stamp=rows.at(1))
    visma.update("customers", numbers[1], {"status": "Inactive"}, stamp=rows.at(1))
    visma.restamp("customers", rows.at(1), numbers[2:4])
    for name in ("En", "To"):
        hubspot.add_record("companies", {"name": name, "domain": "kunde901.no"})
    world.enter_pairs([901, 902], day=1)
    world.enter("contacts", [rows.contact(990, 902, email="ikke en adresse")], day=1)
    money.bill(902, "90", day=1)
    money.keep_lines(bill, 1, day=1)
    money.books.pay(bill, stamp=rows.at(1))
    second = planned_then_synced(world, 1)
    assert {action for entity, action in second if entity == "companies"} == {
        "create",
        "update",
        "unchanged",
        "skip",
        "conflict",
    }
    assert ("contacts", "reject") in second
    assert {("line_items", "archive"), ("invoices", "update"), ("payments", "create")} <= second
