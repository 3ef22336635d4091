"""What settles an invoice, window by window: payments, their undoing, credit notes, write-offs, voiding.

All of it happens in one company and is told once.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from ml_connector.cli.sync import Summary
from ml_connector.sandbox.request_log import LoggedCall
from ml_connector_tests.graph import rows
from ml_connector_tests.graph.conftest import MakeWorld
from ml_connector_tests.graph.harness import NAME, World
from ml_connector_tests.graph.money.ledgers import DOCUMENTS, Money, sold

FROM_RECORDS = ("records", "plan", "hubspot")
"""The steps of a replay: from the snapshots that are there, without a call to Visma."""


@dataclass
class Story:
    """What was seen after each window, the first one first.

    ``values`` has the properties of the invoices that HubSpot has, ``stamps`` the last change of each invoice as Visma
    shows it; both by the name it has here. ``rewritten`` are the writes of the replay at the end.
    """

    world: World
    keys: dict[str, str]
    runs: list[Summary] = field(default_factory=list)
    values: list[dict[str, dict[str, str]]] = field(default_factory=list)
    stamps: list[dict[str, object]] = field(default_factory=list)
    replayed: Summary | None = None
    rewritten: list[LoggedCall] = field(default_factory=list)

    def goes_on(self) -> None:
        """Run the next window, hold what it left to the books, and note it."""
        self.runs.append(self.world.sync(len(self.runs)))
        Money(self.world).agrees()
        hubspot, visma = self.world.sandbox.hubspot, self.world.sandbox.visma
        self.values.append(
            {
                name: dict(one.values)
                for name, key in self.keys.items()
                for one in hubspot.find("invoices", "visma_invoice_id", f"{NAME}:{key}")
            }
        )
        invoices = {name: key for name, key in self.keys.items() if key.startswith("Invoice:")}
        self.stamps.append(
            {
                name: visma.row("customer_invoices", key)["lastModifiedDateTime"]
                for name, key in invoices.items()
            }
        )

    def amounts(self, window: int, name: str) -> list[Decimal]:
        """Return one of our amounts on the credit note and on both invoices that it is applied to."""
        seen = self.values[window]
        return [Decimal(seen[one][f"visma_{name}"]) for one in ("credit", "credited", "credited in full")]

    def statuses(self, name: str) -> list[tuple[str, str] | None]:
        """Return the status of an invoice, HubSpot's and Visma's, after each window; None where it was not there."""
        return [
            (seen[name]["hs_invoice_status"], seen[name]["visma_status"]) if name in seen else None
            for seen in self.values
        ]


@pytest.fixture(scope="module")
def story(make_shared_world: MakeWorld) -> Story:
    """Four windows and a replay; the first and a credit note alone touch the invoices that are paid and credited."""
    world = make_shared_world(records=DOCUMENTS)
    world.enter_pairs(range(1, 8))
    money = Money(world)
    books = money.books
    keys = {
        "whole": money.bill(1, "100", "49.90"),
        "part": money.bill(2, "100", "49.90"),
        "other": money.bill(3, "100", "49.90"),
        "credited": money.bill(4, "1000"),
        "credited in full": money.bill(4, "200"),
        "held": money.bill(5, "10", stage="Hold"),
        "sent": money.bill(6, "20"),
        "never": money.bill(7, "30"),
    }
    books.void(keys["never"], stamp=rows.at(0))
    told = Story(world, keys)
    told.goes_on()

    payment = books.pay(keys["whole"], stamp=rows.at(1))
    books.pay({keys["part"]: Decimal(100)}, stamp=rows.at(1))
    keys["credit"] = books.add_credit_note("4", sold("400"), stamp=rows.at(1))
    books.release(keys["held"], stamp=rows.at(1))
    books.void(keys["sent"], stamp=rows.at(1))
    told.goes_on()

    books.void_payment(payment, stamp=rows.at(2))
    books.apply(
        keys["credit"],
        dict.fromkeys((keys["credited"], keys["credited in full"]), Decimal(250)),
        stamp=rows.at(2),
    )
    told.goes_on()

    books.pay(keys["whole"], stamp=rows.at(3))
    books.write_off(keys["part"], stamp=rows.at(3))
    told.goes_on()

    world.forget_calls()
    told.replayed = world.sync(2, steps=FROM_RECORDS)
    told.rewritten = world.writes()
    return told


def test_the_statement_agrees_and_the_same_again_writes_nothing(story: Story) -> None:
    assert [summary.status for summary in story.runs] == ["success"] * 4
    Money(story.world).equal()
    story.world.forget_calls()
    story.world.sync(0, 3)
    assert story.world.writes() == []


@pytest.mark.parametrize("name", ["whole", "part", "other", "credited", "credited in full"])
def test_what_settles_an_invoice_does_not_touch_it_in_visma(story: Story, name: str) -> None:
    assert len({seen[name] for seen in story.stamps}) == 1, (
        "the hard case: its stamp is that of its first day"
    )


def test_a_payment_pays_its_invoice_its_undoing_opens_it_and_a_write_off_ends_it(story: Story) -> None:
    opened, paid = ("open", "Open"), ("paid", "Closed")
    assert story.statuses("whole") == [opened, paid, opened, paid]
    assert story.statuses("part") == [opened, opened, opened, paid]
    assert story.statuses("other") == [opened] * 4
    whole = [seen["whole"] for seen in story.values]
    assert [one.get("visma_paid_date") for one in whole] == [None, rows.day(1), None, rows.day(3)]
    assert [Decimal(one["visma_balance"]) > 0 for one in whole] == [True, False, True, False]
    written = story.runs[1].entities
    assert (written["invoices"]["updated"], written["line_items"]["updated"]) == (3, 0), (
        "two paid, one voided"
    )


def test_a_credit_note_is_a_record_and_lowers_what_it_is_applied_to(story: Story) -> None:
    assert story.values[1]["credit"]["visma_document_type"] == "CreditNote"
    assert story.amounts(1, "amount")[0] == story.amounts(1, "balance")[0] == -500
    assert story.amounts(2, "credited_amount")[1:] == [250, 250]
    assert story.amounts(2, "balance") == [0, 1000, 0]
    opened, paid = ("open", "Open"), ("paid", "Closed")
    assert story.statuses("credit") == [None, opened, paid, paid]
    assert story.statuses("credited") == [opened] * 4
    assert story.statuses("credited in full") == [opened, opened, paid, paid]


def test_only_what_is_released_travels_and_voiding_is_followed(story: Story) -> None:
    first = story.runs[0].entities["invoices"]
    assert (first["created"], first["skipped"]) == (6, 2)
    assert story.statuses("held") == [None, *[("open", "Open")] * 3]
    assert story.statuses("sent") == [("open", "Open"), *[("voided", "Voided")] * 3]
    assert story.statuses("never") == [None] * 4


def test_a_replay_of_the_window_in_which_it_was_opened_does_not_open_it_again(story: Story) -> None:
    """A payment and its undoing leave the stamp alone: which version is the newest, its own stamp cannot tell."""
    assert story.replayed is not None
    assert story.replayed.status == "success"
    assert story.replayed.entities["invoices"]["read"] > 0
    assert story.rewritten == []
    assert Money(story.world).status(story.keys["whole"]) == ("paid", None)


def test_a_repair_writes_it_although_what_it_is_read_with_is_older_than_what_was_synced(story: Story) -> None:
    world, money = story.world, Money(story.world)
    edited = money.invoice(story.keys["whole"])
    world.sandbox.hubspot.edit_as_person("invoices", edited.id, {"visma_balance": "1"})
    assert money.reconciled(repair=True)["causes"] == {"edited in HubSpot": 1}
    world.sync(2)
    money.equal()
